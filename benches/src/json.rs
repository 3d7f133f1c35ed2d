//! The table as JSON.

use serde_json::{Map, Value, json};

use crate::machine::Machine;
use crate::report::Report;

/// An object with `rows`, `attach`, `threads`, `memory`, `machine`, `toolchain` and `date`.
#[must_use]
pub fn json(report: &Report, machine: &Machine) -> Value {
    let rows: Map<_, _> = report
        .lines
        .iter()
        .map(|line| {
            let row = json!({
                "ns": line.ns, "min": line.min, "max": line.max,
                "floor": line.row.floor, "ratio": line.ratio,
            });
            (line.row.name.to_owned(), row)
        })
        .collect();
    let attach = report.attach.map_or_else(
        || json!({}),
        |attach| {
            json!({
                "functions": attach.functions, "attach_ms": attach.attach,
                "detach_ms": attach.detach, "growth": attach.growth,
            })
        },
    );
    let memory = report.memory.map_or_else(
        || json!({}),
        |memory| {
            json!({
                "site_data": memory.data, "site_code": memory.code,
                "attached": memory.attached,
            })
        },
    );
    json!({
        "rows": rows,
        "attach": attach,
        "threads": { "two_by_one": report.together },
        "memory": memory,
        "machine": machine.description(),
        "toolchain": machine.toolchain,
        "date": machine.date,
    })
}
