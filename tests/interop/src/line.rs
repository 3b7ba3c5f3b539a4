//! One line of the result: who played what on which server, in how many attempts.

use driftless_test_servers::Kind;
use serde_json::{Value, json};

use crate::case::Case;
use crate::figures::Figures;
use crate::player::Player;

/// One line of the result.
#[derive(Debug)]
pub struct Line {
    /// On which server.
    pub kind: Kind,
    /// Who played.
    pub player: Player,
    /// What.
    pub case: Case,
    /// All but the last were disturbed.
    pub attempts: Vec<Figures>,
}

/// What a line comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All is as it must be.
    Met,
    /// Something is not, and the machine is not to blame.
    Missed,
    /// The machine stood still in each attempt.
    Disturbed,
}

impl Line {
    /// Judged is the attempt that was not disturbed.
    pub fn verdict(&self) -> Verdict {
        match self.attempts.last() {
            Some(figures) if !figures.disturbed && figures.is_met() => Verdict::Met,
            Some(figures) if !figures.disturbed => Verdict::Missed,
            _ => Verdict::Disturbed,
        }
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let verdict = match self.verdict() {
            Verdict::Met => "met",
            Verdict::Missed => "missed",
            Verdict::Disturbed => "disturbed",
        };
        json!({
            "server": self.kind.name(),
            "player": self.player.name(),
            "case": self.case.name(),
            "verdict": verdict,
            "attempts": self.attempts.iter().map(Figures::json).collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(attempts: &[(bool, &[&str])]) -> Verdict {
        let attempts = attempts.iter().map(|(disturbed, missed)| Figures {
            disturbed: *disturbed,
            missed: missed.iter().map(|&it| it.to_owned()).collect(),
            ..Figures::default()
        });
        let attempts = attempts.collect();
        let (kind, player) = (Kind::Jack, Player::Driftless);
        Line { kind, player, case: Case::OwnClient, attempts }.verdict()
    }

    #[test]
    fn a_line_is_judged_by_the_attempt_in_which_the_machine_did_not_stand_still() {
        assert_eq!(verdict(&[(false, &[])]), Verdict::Met);
        assert_eq!(verdict(&[(true, &["THD+N"]), (false, &[])]), Verdict::Met);
        assert_eq!(verdict(&[(true, &[]), (false, &["THD+N"])]), Verdict::Missed);
        assert_eq!(verdict(&[(true, &["THD+N"]), (true, &[])]), Verdict::Disturbed);
        assert_eq!(verdict(&[]), Verdict::Disturbed);
    }
}
