//! The repository: what there is of each item, and which orders were settled.

use std::path::PathBuf;

use gtramp::traceable;
use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition};

use crate::Result;
use crate::counts::COUNTS;

const ITEMS: TableDefinition<u64, u64> = TableDefinition::new("items");
const SETTLED: TableDefinition<&str, u64> = TableDefinition::new("settled");

/// How many items there are.
pub(crate) const KINDS: u64 = 16;

#[derive(Debug)]
pub(crate) struct Stock {
    database: Database,
    path: PathBuf,
}

#[traceable]
impl Stock {
    /// A new one, in a file that goes with it.
    #[traceable(skip)]
    pub(crate) fn open() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("gtramp-service-{}.redb", std::process::id()));
        let database = Database::create(&path)?;
        let change = database.begin_write()?;
        {
            let mut items = change.open_table(ITEMS)?;
            for item in 0..KINDS {
                items.insert(item, u64::MAX)?;
            }
            change.open_table(SETTLED)?;
        }
        change.commit()?;
        Ok(Self { database, path })
    }

    /// How many there are of an item; `None` if there is no such item.
    pub(crate) fn quantity(&self, item: u64) -> Result<Option<u64>> {
        COUNTS.quantity.begin();
        let items = self.database.begin_read()?.open_table(ITEMS)?;
        let quantity = items.get(item)?.map(|found| found.value());
        COUNTS.quantity.end();
        Ok(quantity)
    }

    /// Takes one of an item; whether there was one.
    pub(crate) fn reserve(&self, item: u64) -> Result<bool> {
        COUNTS.reserve.begin();
        let mut change = self.database.begin_write()?;
        change.set_durability(Durability::None)?;
        let left = {
            let mut items = change.open_table(ITEMS)?;
            let left = items.get(item)?.and_then(|found| found.value().checked_sub(1));
            if let Some(left) = left {
                items.insert(item, left)?;
            }
            left
        };
        change.commit()?;
        COUNTS.reserve.end();
        Ok(left.is_some())
    }

    /// Notes that an order was settled.
    pub(crate) fn note(&self, request: &str, item: u64) -> Result<()> {
        COUNTS.note.begin();
        let mut change = self.database.begin_write()?;
        change.set_durability(Durability::None)?;
        change.open_table(SETTLED)?.insert(request, item)?;
        change.commit()?;
        COUNTS.note.end();
        Ok(())
    }
}

impl Drop for Stock {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
