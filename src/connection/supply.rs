//! The conversation with the main thread about new work, from the peer's thread's side.
//!
//! One question is under way at a time. When there is no work the thread waits for a word that
//! there is, with one exception: once it has nothing to do at all it asks again, because only
//! then it may share in the endgame.

/// Where the conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing was asked.
    Idle,
    /// A question is under way.
    Asked,
    /// There was no work; a word will come when there is.
    Dry,
}

/// The conversation of one connection.
#[derive(Debug)]
pub struct Supply {
    /// Where it stands.
    state: State,
    /// Work appeared while a question was under way.
    appeared_meanwhile: bool,
    /// It was asked since there is nothing to do at all.
    asked_idle: bool,
}

impl Supply {
    /// Nothing asked yet.
    pub fn new() -> Self {
        Self { state: State::Idle, appeared_meanwhile: false, asked_idle: false }
    }

    /// Whether a question may be put now. `idle`: there is nothing to do at all.
    pub fn may_ask(&self, idle: bool) -> bool {
        match self.state {
            State::Idle => true,
            State::Asked => false,
            State::Dry => idle && !self.asked_idle,
        }
    }

    /// A question was put.
    pub fn asked(&mut self, idle: bool) {
        self.state = State::Asked;
        self.appeared_meanwhile = false;
        self.asked_idle = idle;
    }

    /// A candidate was proposed, which goes on with the same question.
    pub fn proposed(&mut self) {
        self.state = State::Asked;
    }

    /// Work was granted.
    pub fn granted(&mut self) {
        self.asked_idle = false;
    }

    /// The question was answered with work.
    pub fn satisfied(&mut self) {
        self.state = State::Idle;
    }

    /// The question was answered, and there is no work.
    pub fn dried_up(&mut self) {
        let again = std::mem::take(&mut self.appeared_meanwhile);
        self.state = if again { State::Idle } else { State::Dry };
    }

    /// There may be work again.
    pub fn appeared(&mut self) {
        match self.state {
            State::Dry => self.state = State::Idle,
            State::Asked => self.appeared_meanwhile = true,
            State::Idle => {}
        }
    }
}

impl Default for Supply {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_question_at_a_time() {
        let mut supply = Supply::new();
        assert!(supply.may_ask(false));
        supply.asked(false);
        assert!(!supply.may_ask(true));
        supply.satisfied();
        assert!(supply.may_ask(false));
    }

    #[test]
    fn without_work_it_asks_again_only_once_when_idle() {
        let mut supply = Supply::new();
        supply.asked(false);
        supply.dried_up();
        assert!(!supply.may_ask(false));
        assert!(supply.may_ask(true));
        supply.asked(true);
        supply.dried_up();
        assert!(!supply.may_ask(true));
        supply.granted();
        assert!(supply.may_ask(true));
    }

    #[test]
    fn work_that_appears_while_it_asks_is_not_missed() {
        let mut supply = Supply::new();
        supply.asked(false);
        supply.appeared();
        supply.dried_up();
        assert!(supply.may_ask(false));
    }
}
