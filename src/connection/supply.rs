//! Where the conversation with the main thread about new work stands: never two questions at once,
//! and none that was answered with "wait" before something has changed.

/// What was said last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing was asked of the main thread.
    Idle,
    /// It was asked and has not answered.
    Asked,
    /// It had nothing; it will say when that changes.
    Dry,
}

/// The conversation.
#[derive(Debug)]
pub struct Supply {
    /// What was said last.
    state: State,
    /// Work appeared while the main thread was being asked.
    work_meanwhile: bool,
    /// The main thread was asked since there is nothing to do.
    asked_idle: bool,
    /// The main thread said that there is work, and was not asked for it.
    woken: bool,
}

impl Supply {
    /// Nothing was said.
    pub fn new() -> Self {
        Self { state: State::Idle, work_meanwhile: false, asked_idle: false, woken: false }
    }

    /// Whether the main thread may be asked. Who has nothing to do asks once more: now it may
    /// share in the endgame.
    pub fn may_ask(&self, idle: bool) -> bool {
        match self.state {
            State::Idle => true,
            State::Dry => idle && !self.asked_idle,
            State::Asked => false,
        }
    }

    /// The main thread is asked, by somebody who is idle or not.
    pub fn asked(&mut self, idle: bool) {
        self.state = State::Asked;
        self.asked_idle |= idle;
        (self.work_meanwhile, self.woken) = (false, false);
    }

    /// The main thread granted blocks: there is something to do.
    pub fn granted(&mut self) {
        self.asked_idle = false;
    }

    /// The answer was complete.
    pub fn satisfied(&mut self) {
        self.state = State::Idle;
    }

    /// There is nothing, unless work appeared since the question.
    pub fn exhausted(&mut self) {
        self.state =
            if std::mem::take(&mut self.work_meanwhile) { State::Idle } else { State::Dry };
    }

    /// There may be work again.
    pub fn work_appeared(&mut self) {
        match self.state {
            State::Dry => self.state = State::Idle,
            State::Asked => self.work_meanwhile = true,
            State::Idle => {}
        }
    }

    /// The main thread says that there may be work again.
    pub fn woken(&mut self) {
        self.work_appeared();
        self.woken = true;
    }

    /// Whether the main thread woke us and was not asked for anything: somebody else may have a
    /// use for the work.
    pub fn take_unused_wake(&mut self) -> bool {
        std::mem::take(&mut self.woken)
    }
}

impl Default for Supply {
    fn default() -> Self {
        Self::new()
    }
}
