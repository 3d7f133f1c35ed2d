//! Text from a plan: one function per template.

use tera::{Context, Tera};

use crate::config::CONFIG_VARIABLE;
use crate::error::Error;
use crate::plan::{Pair, Plan};

macro_rules! template {
    ($path:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/", $path))
    };
}

const ENTRIES: &str = "entries.rs.tera";
const CALLERS: &str = "callers.rs.tera";
const TABLE: &str = "table.rs.tera";
const VARIANTS: &str = "variants.rs.tera";

/// The rendered text of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// `call_N`, the entry stubs and what belongs to them.
    pub entries: String,
    /// The callers.
    pub callers: String,
    /// The table from shape to caller.
    pub table: String,
}

impl Files {
    /// Renders `plan`.
    ///
    /// # Errors
    /// A template that is wrong, with the whole chain of causes.
    pub fn render(plan: &Plan) -> Result<Files, Error> {
        let engine = engine(plan)?;
        Ok(Files {
            entries: entries(&engine, plan)?,
            callers: callers(&engine, plan)?,
            table: table(&engine, plan)?,
        })
    }

    /// File names and texts.
    pub fn named(&self) -> [(&'static str, &str); 3] {
        [("entries.rs", &self.entries), ("callers.rs", &self.callers), ("table.rs", &self.table)]
    }
}

fn engine(plan: &Plan) -> Result<Tera, Error> {
    let asm = plan.arch.map_or(["", "", "", "", ""], |arch| {
        let (single, rows) = (arch.single_template.unwrap_or(""), arch.rows_template.unwrap_or(""));
        [arch.switch_template, arch.entry_template, arch.caller_template, single, rows]
    });
    load([
        (ENTRIES, template!("entries.rs.tera")),
        (CALLERS, template!("callers.rs.tera")),
        (TABLE, template!("table.rs.tera")),
        ("partials/header.tera", template!("partials/header.tera")),
        ("partials/call.tera", template!("partials/call.tera")),
        ("partials/plain.tera", template!("partials/plain.tera")),
        ("partials/entry.tera", template!("partials/entry.tera")),
        ("partials/describe.tera", template!("partials/describe.tera")),
        ("partials/life.tera", template!("partials/life.tera")),
        ("partials/tracepoint.tera", template!("partials/tracepoint.tera")),
        ("partials/missing.tera", template!("partials/missing.tera")),
        ("partials/specialised.tera", template!("partials/specialised.tera")),
        // The asm of the target's architecture, under names that do not say which.
        ("arch/switch.tera", asm[0]),
        ("arch/entry.tera", asm[1]),
        ("arch/caller.tera", asm[2]),
        ("arch/single.tera", asm[3]),
        ("arch/rows.tera", asm[4]),
    ])
}

fn load<const N: usize>(templates: [(&'static str, &str); N]) -> Result<Tera, Error> {
    let mut engine = Tera::new();
    let added = engine.add_raw_templates(templates);
    added.map_err(|source| Error::Template { name: "(all)", source })?;
    Ok(engine)
}

fn entries(engine: &Tera, plan: &Plan) -> Result<String, Error> {
    render(engine, ENTRIES, plan)
}

fn callers(engine: &Tera, plan: &Plan) -> Result<String, Error> {
    render(engine, CALLERS, plan)
}

fn table(engine: &Tera, plan: &Plan) -> Result<String, Error> {
    render(engine, TABLE, plan)
}

/// What a crate includes for its own probes.
pub(crate) fn variants(pairs: &[Pair]) -> Result<String, Error> {
    let template = |source| Error::Template { name: VARIANTS, source };
    let engine = load([(VARIANTS, template!("variants.rs.tera"))])?;
    let mut context = Context::new();
    context.insert("pairs", pairs);
    context.insert("version", env!("CARGO_PKG_VERSION"));
    let text = engine.render(VARIANTS, &context).map_err(template)?;
    Ok(format!("{}\n", text.trim_end()))
}

fn render(engine: &Tera, name: &'static str, plan: &Plan) -> Result<String, Error> {
    let template = |source| Error::Template { name, source };
    let mut context = Context::from_serialize(plan).map_err(template)?;
    context.insert("version", env!("CARGO_PKG_VERSION"));
    context.insert("config_variable", CONFIG_VARIABLE);
    let text = engine.render(name, &context).map_err(template)?;
    Ok(format!("{}\n", text.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn plan() -> Plan {
        Plan::new("test", None, &Config::default())
    }

    #[test]
    fn a_template_that_does_not_parse_is_shown_with_its_line() {
        let report = load([("broken", "one\n{% for x %}")]).unwrap_err().report();
        assert!(
            report.starts_with("the template `(all)` cannot be rendered\n  because: "),
            "{report}"
        );
        assert!(report.contains("--> broken:2:"), "{report}");
    }

    #[test]
    fn a_name_that_no_plan_has_is_shown_with_the_template_that_asked() {
        let engine =
            load([("outer", "{% include \"inner\" %}"), ("inner", "{{ frames.bytes }}")]).unwrap();
        let report = render(&engine, "outer", &plan()).unwrap_err().report();
        assert!(
            report.starts_with("the template `outer` cannot be rendered\n  because: "),
            "{report}"
        );
        assert!(report.contains("inner:1:") && report.contains("outer:1:"), "{report}");
    }
}
