//! Strangers' text made fit to be shown: what peers and trackers say, what stands in torrents.
//!
//! For people only: nothing may be decided by it, since anybody can say anything.

/// A stranger's text as it may be shown on a terminal, of at most `most` bytes: wrong UTF-8 is
/// replaced, and characters that steer the terminal or the direction of writing are left out.
pub fn printable(bytes: &[u8], most: usize) -> String {
    let mut shown = String::new();
    for chunk in bytes.utf8_chunks() {
        let wrong = (!chunk.invalid().is_empty()).then_some(char::REPLACEMENT_CHARACTER);
        for character in chunk.valid().chars().filter(|&c| !steers(c)).chain(wrong) {
            if shown.len() + character.len_utf8() > most {
                return shown;
            }
            shown.push(character);
        }
    }
    shown
}

/// Whether a character changes how others are shown, instead of showing itself.
pub fn steers(character: char) -> bool {
    let unseen = matches!(
        character,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
    );
    character.is_control() || unseen
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shown_text_cannot_steer_a_terminal() {
        assert_eq!(printable(b"a\x1b[31mb\r\n\xffc", 64), "a[31mb\u{fffd}c");
        assert_eq!(printable("x\u{202e}y\u{9b}z".as_bytes(), 64), "xyz");
        assert_eq!(printable("µµ".as_bytes(), 3), "µ");
    }

    proptest! {
        #[test]
        fn shown_text_is_bounded_and_printable(bytes: Vec<u8>, most in 0_usize..80) {
            let shown = printable(&bytes, most);
            prop_assert!(shown.len() <= most && !shown.chars().any(steers));
        }
    }
}
