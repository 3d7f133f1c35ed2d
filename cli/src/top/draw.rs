//! One screen.

use gtramp_live::export::duration;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Modifier, Style};
use ratatui::text::Line as Text;
use ratatui::widgets::{Bar, BarChart, BarGroup, Block, Paragraph, Row, Table, TableState};

use super::state::{By, Line, State};

/// Draws what is known.
pub(super) fn draw(frame: &mut Frame<'_>, state: &State) {
    let [head, body, foot] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(1), Constraint::Length(1)])
            .areas(frame.area());
    frame.render_widget(Paragraph::new(state.title.as_str()), head);
    let keys = "q ends  s sorts  up/down chooses  Enter looks closer  Esc back";
    let note = state.notes.last().map_or(keys, String::as_str);
    frame.render_widget(Paragraph::new(note), foot);
    if let Some((func, line)) = state.opened() {
        frame.render_widget(histogram(func, line), body);
        return;
    }
    let names = [
        ("CALLS/S", By::Calls),
        ("TIME/S", By::Time),
        ("P50", By::Calls),
        ("P99", By::P99),
        ("MAX", By::Max),
        ("FAILED", By::Failed),
    ];
    let header = names.iter().map(|(name, by)| {
        let is_sorted = *by == state.by && *name != "P50";
        let style = if is_sorted { Modifier::REVERSED } else { Modifier::BOLD };
        Text::styled(format!("{name:>9}"), Style::new().add_modifier(style))
    });
    let header = Row::new(header.chain([Text::from("FUNCTION")]));
    let lines = state.sorted();
    let rows = lines.iter().map(|(func, line)| row(func, line));
    let widths = [Constraint::Length(9); 6].into_iter().chain([Constraint::Min(10)]);
    let table = Table::new(rows, widths).header(header);
    let table = table.row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
    let mut selected = TableState::default().with_selected(Some(state.selected()));
    frame.render_stateful_widget(table, body, &mut selected);
}

fn row<'l>(func: &'l str, line: &Line) -> Row<'l> {
    let Line { row, rate, load, failed } = line;
    let time = |nanoseconds: Option<u64>| {
        nanoseconds
            .map_or_else(|| "-".to_owned(), |n| duration(i64::try_from(n).unwrap_or(i64::MAX)))
    };
    #[expect(clippy::cast_possible_truncation, reason = "it is seconds in a second")]
    let load = duration((load * 1e9) as i64);
    let cells = [
        format!("{rate:.0}"),
        load,
        time(row.p50),
        time(row.p99),
        duration(row.max),
        failed.to_string(),
    ];
    let cells = cells.map(|cell| Text::from(format!("{cell:>9}")));
    Row::new(cells.into_iter().chain([Text::from(func)]))
}

/// One function's latencies.
fn histogram<'l>(func: &'l str, line: &'l Line) -> BarChart<'l> {
    let bars: Vec<Bar<'_>> = line
        .row
        .buckets
        .iter()
        .map(|&(from, _, count)| {
            let label = duration(i64::try_from(from).unwrap_or(i64::MAX));
            Bar::default().value(count).label(label)
        })
        .collect();
    let title = format!("{func}: {} calls, by how long they took", line.row.count);
    BarChart::default()
        .data(BarGroup::default().bars(&bars))
        .bar_width(8)
        .block(Block::bordered().title(title))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use gtramp_live::protocol::{Reply, Row, Table};
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::super::state::State;
    use super::draw;

    fn calls(rows: &[(&str, u64, u64)]) -> Reply {
        let row = |&(func, count, p99): &(&str, u64, u64)| Row {
            key: vec![func.to_owned()],
            count,
            p50: Some(p99 / 2),
            p99: Some(p99),
            buckets: vec![(1024, 2047, count)],
            ..Row::default()
        };
        Reply::Table(Table {
            name: String::new(),
            function: "hist".to_owned(),
            of: "latency".to_owned(),
            keys: vec!["func".to_owned()],
            rows: rows.iter().map(row).collect(),
        })
    }

    fn screen(state: &State) -> String {
        let mut terminal = Terminal::new(TestBackend::new(90, 12)).expect("memory is a screen");
        terminal.draw(|frame| draw(frame, state)).expect("memory is a screen");
        terminal.backend().to_string()
    }

    #[test]
    fn functions_are_sorted_and_one_is_looked_at_alone() {
        let mut state = State::default();
        let begun = Instant::now();
        state.take_in(calls(&[("bank::fee", 0, 2_000), ("bank::post", 0, 9_000)]), begun);
        let later = begun + Duration::from_secs(2);
        state.take_in(calls(&[("bank::fee", 300, 2_000), ("bank::post", 20, 9_000)]), later);
        let shown = screen(&state);
        let place = |shown: &str, what: &str| shown.find(what).unwrap_or_else(|| panic!("{shown}"));
        assert!(place(&shown, "bank::fee") < place(&shown, "bank::post"), "{shown}");
        assert!(shown.contains("150"), "{shown}");
        // By time, then by the 99th percentile.
        state.sort_by_next();
        state.sort_by_next();
        let shown = screen(&state);
        assert!(place(&shown, "bank::post") < place(&shown, "bank::fee"), "{shown}");
        // What has failed is added up, and is the last to sort by.
        let failed = |outcome: [&str; 2], count| Row {
            key: ["bank::fee", outcome[0], outcome[1]].map(str::to_owned).to_vec(),
            count,
            ..Row::default()
        };
        let rows = vec![
            failed(["false", "false"], 290),
            failed(["true", "false"], 7),
            failed(["false", "true"], 3),
        ];
        state.take_in(
            Reply::Table(Table {
                name: "failed".to_owned(),
                function: "count".to_owned(),
                of: String::new(),
                keys: ["func", "err", "panic"].map(str::to_owned).to_vec(),
                rows,
            }),
            later,
        );
        let line = |shown: &str, what: &str| {
            let line = shown.lines().find(|line| line.contains(what)).map(str::to_owned);
            line.unwrap_or_else(|| panic!("{shown}"))
        };
        assert!(line(&screen(&state), "bank::fee").contains(" 10 "), "{}", screen(&state));
        state.open();
        let shown = screen(&state);
        assert!(shown.contains("bank::post: 20 calls") && shown.contains("1.02us"), "{shown}");
        assert!(state.close() && !state.close());
    }
}
