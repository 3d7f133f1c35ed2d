//! `gtramp top`: the functions that are called most, as they are called.

mod draw;
mod state;

use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use anyhow::Result;
use gtramp_live::protocol::Reply;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind};

use crate::commands::ask;
use crate::options::{Common, Which};
use state::State;

/// How often it looks for keys and answers.
const TICK: Duration = Duration::from_millis(100);

/// Shows functions until a key or the lease ends it.
pub(crate) fn top(which: &Which, common: &Common) -> Result<()> {
    let actions = "@[func] = hist(latency); @failed[func, err, panic] = count()";
    let program = format!("{} every 1s for 1440min", which.program(None, actions));
    let mut answers = ask(&program, common)?;
    // What is refused is said before the screen is taken.
    let mut state = State::default();
    let (_, first) = answers.next(Some(&program))?;
    state.take_in(first, Instant::now());
    let (replies, waiting) = channel();
    std::thread::spawn(move || {
        loop {
            let reply = answers.next(None);
            let is_last = matches!(reply, Err(_) | Ok((_, Reply::End(_))));
            if replies.send(reply.map(|(_, reply)| reply)).is_err() || is_last {
                return;
            }
        }
    });
    let mut terminal = ratatui::try_init()?;
    let shown = attend(&mut terminal, &mut state, &waiting);
    ratatui::restore();
    shown?;
    if let Some(why) = state.ended() {
        eprintln!("{why}");
    }
    Ok(())
}

fn attend(
    terminal: &mut ratatui::DefaultTerminal,
    state: &mut State,
    replies: &Receiver<Result<Reply>>,
) -> Result<()> {
    loop {
        terminal.draw(|frame| draw::draw(frame, state))?;
        if event::poll(TICK)?
            && let Event::Key(key) = event::read()?
            && key.kind == KeyEventKind::Press
        {
            match key.code {
                KeyCode::Char('q') => return Ok(()),
                KeyCode::Char('c') if key.modifiers.contains(event::KeyModifiers::CONTROL) => {
                    return Ok(());
                }
                KeyCode::Char('s') | KeyCode::Right => state.sort_by_next(),
                KeyCode::Down | KeyCode::Char('j') => state.down(),
                KeyCode::Up | KeyCode::Char('k') => state.up(),
                KeyCode::Enter => state.open(),
                KeyCode::Esc if !state.close() => return Ok(()),
                _ => {}
            }
        }
        loop {
            match replies.try_recv() {
                Ok(reply) => state.take_in(reply?, Instant::now()),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return Ok(()),
            }
        }
        if state.ended().is_some() {
            return Ok(());
        }
    }
}
