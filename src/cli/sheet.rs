//! Lines of a heading and what belongs to it, as `cuerda info` answers people.

/// Width of the column of headings.
const HEADING_WIDTH: usize = 13;

/// Lines so far.
#[derive(Default)]
pub(super) struct Sheet(Vec<String>);

impl Sheet {
    /// Adds a heading and its text. More lines keep its column; without a text nothing is added.
    pub(super) fn say(&mut self, heading: &str, text: &str) {
        for (index, line) in text.lines().enumerate() {
            let heading = if index == 0 { heading } else { "" };
            self.0.push(format!("{heading:<HEADING_WIDTH$}{line}"));
        }
    }

    /// The lines.
    pub(super) fn lines(self) -> Vec<String> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stand_in_one_column() {
        let mut sheet = Sheet::default();
        sheet.say("name", "one\ntwo");
        sheet.say("nothing", "");
        assert_eq!(sheet.lines(), ["name         one", "             two"]);
    }
}
