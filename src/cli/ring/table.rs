//! A ring as a table: a line for each node, in the order of their places.

use crate::chord::contact::Contact;
use crate::chord::ring_id::RingId;
use crate::cli::human;
use crate::client::ring::Walked;

/// Digits of a place that are shown: enough to tell nodes apart.
const PLACE_DIGITS: usize = 8;
/// Successors shown by their numbers; of the rest only how many there are.
const SUCCESSORS_SHOWN: usize = 3;
/// The headings.
const HEADINGS: [&str; 7] =
    ["node", "place", "address", "of the circle", "keys", "before it", "after it"];

/// The lines: a sentence, the table, and what is wrong. Lists should have `depth` entries.
pub(super) fn lines(walked: &Walked, depth: usize) -> Vec<String> {
    let mut rows = vec![HEADINGS.map(str::to_owned)];
    rows.extend((0..walked.nodes.len()).map(|index| row(walked, index)));
    let mut lines = vec![sentence(walked, depth)];
    lines.extend(aligned(&rows));
    for index in 0..walked.nodes.len() {
        for fault in walked.faults(index, depth) {
            lines.push(format!("node {}: {fault}", index + 1));
        }
    }
    for contact in &walked.silent {
        lines.push(format!("{} is named by others and does not answer", contact.address));
    }
    if walked.cut {
        lines.push("there are more nodes than are visited".to_owned());
    }
    lines
}

/// The ring in a sentence.
fn sentence(walked: &Walked, depth: usize) -> String {
    let nodes = human::count(walked.nodes.len() as u64, "node");
    let wrong = (0..walked.nodes.len()).filter(|index| !walked.faults(*index, depth).is_empty());
    match wrong.count() {
        0 => format!("a ring of {nodes}, and all agree on it"),
        wrong => format!("{nodes}, of which {wrong} and the others disagree"),
    }
}

/// A node's cells.
fn row(walked: &Walked, index: usize) -> [String; 7] {
    let (contact, visit) = &walked.nodes[index];
    let place: String = contact.id.to_string().chars().take(PLACE_DIGITS).collect();
    let keys = visit.keys.map_or_else(|| "?".to_owned(), |keys| keys.to_string());
    let before = visit.predecessors.first().map_or_else(|| "-".to_owned(), |c| name(walked, c));
    let shown = visit.successors.iter().take(SUCCESSORS_SHOWN).map(|c| name(walked, c));
    let mut after: Vec<String> = shown.collect();
    let rest = visit.successors.len().saturating_sub(SUCCESSORS_SHOWN);
    if rest > 0 {
        after.push(format!("and {rest} more"));
    }
    let after = if after.is_empty() { "-".to_owned() } else { after.join(" ") };
    [
        (index + 1).to_string(),
        place,
        contact.address.to_string(),
        share(walked, index),
        keys,
        before,
        after,
    ]
}

/// How others are named: by their number, or their address if they did not answer.
fn name(walked: &Walked, contact: &Contact) -> String {
    let found = walked.nodes.binary_search_by_key(&contact.id, |(node, _)| node.id);
    found.map_or_else(|_| contact.address.to_string(), |index| (index + 1).to_string())
}

/// The part of the circle between the node before and this one, in per cent: the keys that it is
/// the first to hold.
fn share(walked: &Walked, index: usize) -> String {
    let count = walked.nodes.len();
    if count == 1 {
        return "100.0 %".to_owned();
    }
    let before = walked.nodes[(index + count - 1) % count].0.id;
    format!("{:.1} %", fraction(before.distance_to(walked.nodes[index].0.id)) * 100.0)
}

/// A place as a part of the circle, from 0 to 1.
pub(super) fn fraction(place: RingId) -> f64 {
    let high = u64::from_be_bytes(std::array::from_fn(|index| place.0[index]));
    high as f64 / 2_f64.powi(64)
}

/// Rows with their cells in columns: numbers to the right, texts to the left.
fn aligned(rows: &[[String; 7]]) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; 7] = std::array::from_fn(|column| width(column).unwrap_or(0));
    let right = [true, false, false, true, true, true, false];
    let line = |row: &[String; 7]| {
        let cell = |column: usize| {
            let (text, width) = (&row[column], widths[column]);
            if right[column] { format!("{text:>width$}") } else { format!("{text:<width$}") }
        };
        let cells: Vec<String> = (0..7).map(cell).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ring::Visit;

    fn node(byte: u8) -> Contact {
        Contact { id: RingId([byte; 20]), address: ([127, 0, 0, byte], 7_000).into() }
    }

    fn walked() -> Walked {
        let visit = |after: &[u8], before: &[u8], keys| Visit {
            successors: after.iter().map(|byte| node(*byte)).collect(),
            predecessors: before.iter().map(|byte| node(*byte)).collect(),
            keys,
        };
        let nodes = vec![
            (node(0), visit(&[0x40, 0x80, 0xc0], &[0xc0], Some(12))),
            (node(0x40), visit(&[0x80, 0xc0, 0], &[0], Some(7))),
            (node(0x80), visit(&[0xc0, 0, 0x40], &[0x40], None)),
            (node(0xc0), visit(&[0, 0x40, 0x80], &[0x80], Some(0))),
        ];
        Walked { nodes, ..Walked::default() }
    }

    #[test]
    fn a_ring_is_a_table_in_the_order_of_places() {
        let expected = "\
a ring of 4 nodes, and all agree on it
node  place     address           of the circle  keys  before it  after it
   1  00000000  127.0.0.0:7000           25.0 %    12          4  2 3 4
   2  40404040  127.0.0.64:7000          25.1 %     7          1  3 4 1
   3  80808080  127.0.0.128:7000         25.0 %     ?          2  4 1 2
   4  c0c0c0c0  127.0.0.192:7000         25.1 %     0          3  1 2 3";
        let told = lines(&walked(), 24).join("\n");
        let shares = told.replace("25.1 %", "25.0 %").replace("24.7 %", "25.0 %");
        assert_eq!(shares, expected.replace("25.1 %", "25.0 %"), "{told}");
    }

    #[test]
    fn who_disagrees_and_who_is_silent_is_told() {
        let mut walked = walked();
        walked.nodes[1].1.successors = vec![node(0xc0), node(0)];
        walked.nodes[2].1.successors[0] = node(0x90);
        walked.silent = vec![node(0x90)];
        let told = lines(&walked, 24).join("\n");
        assert!(told.starts_with("4 nodes, of which 2 and the others disagree\n"), "{told}");
        assert!(told.contains("\nnode 2: successor 1 is 127.0.0.192:7000\n"), "{told}");
        assert!(told.contains("  127.0.0.144:7000 1 2\n"), "{told}");
        assert!(
            told.ends_with("127.0.0.144:7000 is named by others and does not answer"),
            "{told}"
        );
    }
}
