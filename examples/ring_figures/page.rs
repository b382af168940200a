//! The page that is written.

use crate::draw::{Line, plot};
use std::error::Error;
use std::path::PathBuf;

/// The page so far.
pub(crate) struct Page {
    /// The folder of documents.
    docs: PathBuf,
    /// The text.
    text: String,
}

impl Page {
    /// An empty page.
    pub(crate) fn new(docs: PathBuf) -> Self {
        Self { docs, text: String::new() }
    }

    /// Adds a paragraph.
    pub(crate) fn say(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// Adds a table.
    pub(crate) fn table(&mut self, headings: &[&str], rows: &[Vec<String>]) {
        self.say(&format!("| {} |", headings.join(" | ")));
        self.say(&format!("|{}", "--:|".repeat(headings.len())));
        for row in rows {
            self.say(&format!("| {} |", row.join(" | ")));
        }
        self.say("");
    }

    /// Draws lines and shows them.
    pub(crate) fn figure(
        &mut self,
        name: &str,
        title: &str,
        axes: (&str, &str),
        lines: &[Line],
    ) -> Result<(), Box<dyn Error>> {
        plot(&self.docs.join("figures").join(format!("{name}.svg")), title, axes, lines)?;
        self.say(&format!("![{title}](figures/{name}.svg)\n"));
        Ok(())
    }

    /// Writes what there is.
    pub(crate) fn write(&self) -> Result<(), Box<dyn Error>> {
        let text = format!("{}\n", self.text.trim_end());
        Ok(std::fs::write(self.docs.join("ring-figures.md"), text)?)
    }
}
