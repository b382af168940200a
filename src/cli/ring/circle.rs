//! A ring as a drawing: the circle with its nodes where their places are, zero at the top.

use crate::cli::human;
use crate::cli::ring::table::fraction;
use crate::client::ring::Walked;
use std::f64::consts::TAU;

/// Lines of the drawing of a small ring and of others.
const HEIGHTS: [usize; 2] = [13, 25];
/// Nodes of a small ring.
const SMALL: usize = 8;
/// Nodes that are drawn with their numbers; of more they would be in each other's way.
const NUMBERED: usize = 60;
/// A character is about twice as high as it is wide.
const ASPECT: f64 = 2.0;
/// Room for the numbers around the circle, in characters.
const MARGIN: f64 = 4.0;

/// The drawing.
struct Canvas {
    /// Rows of characters.
    cells: Vec<Vec<char>>,
    /// The middle, in columns and rows.
    middle: (f64, f64),
}

/// The lines of the drawing.
pub(super) fn lines(walked: &Walked) -> Vec<String> {
    let count = walked.nodes.len();
    let height = HEIGHTS[usize::from(count > SMALL)];
    let mut canvas = Canvas::new(height);
    let radius = (height - 1) as f64 / 2.0 - 1.0;
    for step in 0..height * 8 {
        canvas.put(step as f64 / (height * 8) as f64, radius, 0.0, "·");
    }
    for (contact, _) in &walked.nodes {
        canvas.put(fraction(contact.id), radius, 0.0, "●");
    }
    if count <= NUMBERED {
        for (index, (contact, _)) in walked.nodes.iter().enumerate() {
            canvas.label(fraction(contact.id), radius, &(index + 1).to_string());
        }
    }
    let keys: u64 = walked.nodes.iter().filter_map(|(_, visit)| visit.keys).map(u64::from).sum();
    canvas.write_middle(0, &human::count(count as u64, "node"));
    canvas.write_middle(1, &format!("keys held: {keys}"));
    canvas.lines()
}

impl Canvas {
    fn new(height: usize) -> Self {
        let half = (height - 1) as f64 / 2.0;
        let width = (half * ASPECT + MARGIN) * 2.0;
        Self { cells: vec![vec![' '; width as usize + 1]; height], middle: (width / 2.0, half) }
    }

    /// The column and row of a place on the circle, clockwise from the top, so far out.
    fn at(&self, turn: f64, radius: f64, further: f64) -> (f64, f64) {
        let angle = turn * TAU;
        let across = (radius * ASPECT + further) * angle.sin();
        let down = -(radius + further / ASPECT / 2.0) * angle.cos();
        (self.middle.0 + across, self.middle.1 + down)
    }

    /// Puts a text there, unless it would leave the drawing.
    fn put(&mut self, turn: f64, radius: f64, further: f64, text: &str) {
        let (column, row) = self.at(turn, radius, further);
        self.write(column.round(), row.round(), text);
    }

    /// Puts a number outside of the circle, or inside if there is no room.
    fn label(&mut self, turn: f64, radius: f64, text: &str) {
        for further in [3.0, -3.0] {
            let (column, row) = self.at(turn, radius, further);
            let length = text.chars().count();
            let column = (column - (length as f64 - 1.0) / 2.0).round();
            let row = row.round();
            // The dots of the circle may be written over; not nodes, and numbers stand apart.
            let mut cells = (-1..=length as i64).map(|step| column + step as f64);
            if cells.all(|column| self.cell(column, row).is_none_or(|c| matches!(c, ' ' | '·'))) {
                self.write(column, row, text);
                return;
            }
        }
    }

    /// Writes a line in the middle, so many rows below it.
    fn write_middle(&mut self, below: usize, text: &str) {
        let column = self.middle.0 - (text.chars().count() as f64 - 1.0) / 2.0;
        self.write(column.round(), (self.middle.1 + below as f64).round(), text);
    }

    fn write(&mut self, column: f64, row: f64, text: &str) {
        for (step, letter) in text.chars().enumerate() {
            if let Some(cell) = self.cell(column + step as f64, row) {
                *cell = letter;
            }
        }
    }

    fn cell(&mut self, column: f64, row: f64) -> Option<&mut char> {
        if column < 0.0 || row < 0.0 {
            return None;
        }
        self.cells.get_mut(row as usize)?.get_mut(column as usize)
    }

    fn lines(self) -> Vec<String> {
        let text = |row: Vec<char>| row.into_iter().collect::<String>().trim_end().to_owned();
        self.cells.into_iter().map(text).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chord::contact::Contact;
    use crate::chord::ring_id::RingId;
    use crate::client::ring::Visit;

    /// A ring of nodes at these places, of which only the first byte counts.
    fn drawn(places: impl IntoIterator<Item = u8>) -> Vec<String> {
        let visit = Visit { successors: Vec::new(), predecessors: Vec::new(), keys: Some(2) };
        let node = |byte: u8| {
            let mut id = RingId::default();
            id.0[0] = byte;
            (Contact { id, address: ([127, 0, 0, 1], 1).into() }, visit.clone())
        };
        lines(&Walked { nodes: places.into_iter().map(node).collect(), ..Walked::default() })
    }

    #[test]
    fn places_go_clockwise_from_the_top() {
        let lines = drawn([0, 64, 128, 192]);
        let find = |text: &str| {
            lines.iter().enumerate().find_map(|(row, line)| {
                let before = line.split(text).next().filter(|before| before.len() < line.len())?;
                Some((before.chars().count(), row))
            })
        };
        let places = ["1", "2", "3", "4"].map(|number| find(number).unwrap());
        let [top, right, bottom, left] = places;
        assert!(top.1 < right.1 && right.1 < bottom.1 && left.1 == right.1, "{lines:#?}");
        assert!(left.0 < top.0 && top.0 < right.0, "{lines:#?}");
        let text = lines.join("\n");
        assert_eq!(text.matches('●').count(), 4, "{text}");
        assert!(text.contains("4 nodes") && text.contains("keys held: 8"), "{text}");
    }

    #[test]
    fn any_number_of_nodes_is_drawn() {
        for count in [0, 1, 9, 60, 61, 256] {
            let lines = drawn((0..count).map(|number| (number * 256 / count.max(1)) as u8));
            assert!(lines.len() <= 25 && lines.iter().all(|line| line.chars().count() < 80));
            assert_eq!(lines.concat().contains('●'), count > 0, "{count}");
        }
    }
}
