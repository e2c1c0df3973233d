//! The link in a letter: it opens an order once, for whoever also reads the code that is emailed.
//!
//! Looking at the link uses nothing up, since mail scanners look at every link; entering the code
//! does. Codes are short, so that everything about them is counted and bounded.

use crate::{
    id::{MailId, OrderId},
    time::Timestamp,
    token::TokenHash,
};

/// After the end an order may still be looked at for so long.
pub const LOOK_SECONDS: i64 = 30 * 24 * 3_600;

pub const CODE_SECONDS: i64 = 10 * 60;
pub const CODE_DIGITS: usize = 6;

/// Wrong guesses at one code; then another has to be asked for.
pub const CODE_TRIES_MAX: i64 = 5;

/// Codes that one link gives: with their tries, 25 guesses at a million.
pub const CODES_MAX: i64 = 5;

/// A mailbox is not to be filled by somebody who presses a button.
pub const CODE_PAUSE_SECONDS: i64 = 60;

/// Links that somebody asks for in the widget of one order: with their codes, ten letters and 125 guesses at a million.
pub const WISHES_MAX: usize = 5;

/// Whether a running widget may give one more link; `before`: when it gave one, latest first.
pub fn wish(before: &[Timestamp], now: Timestamp) -> Result<(), LinkRefusal> {
    if let Some(last) = before.first() {
        let again_at = last.plus_seconds(CODE_PAUSE_SECONDS);
        if now < again_at {
            return Err(LinkRefusal::TooSoon { again_at });
        }
    }
    if before.len() >= WISHES_MAX {
        return Err(LinkRefusal::CodesExhausted);
    }
    Ok(())
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    pub order: OrderId,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
    /// The latest code; an earlier one is worth nothing.
    pub code: Option<Code>,
    /// How many codes were asked for.
    pub asked: i64,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Code {
    /// The letter that it is written in.
    pub mail: MailId,
    pub hash: TokenHash,
    pub asked_at: Timestamp,
    /// Guesses that were made at it, right or wrong.
    pub tries: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LinkRefusal {
    #[error("the link was used, or is too old")]
    Over,
    #[error("a code was asked for {CODE_PAUSE_SECONDS} s ago or less")]
    TooSoon { again_at: Timestamp },
    #[error("the link gives no more codes")]
    CodesExhausted,
    #[error("no code is valid any more")]
    NoCode,
    #[error("the code is another")]
    Wrong { tries_left: i64 },
}

impl Code {
    pub const fn expires_at(&self) -> Timestamp {
        self.asked_at.plus_seconds(CODE_SECONDS)
    }
}

impl Link {
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.used_at.is_none() && now < self.expires_at
    }

    /// The link with a fresh code.
    pub fn ask(
        mut self,
        mail: MailId,
        hash: TokenHash,
        now: Timestamp,
    ) -> Result<Self, LinkRefusal> {
        if !self.is_open(now) {
            return Err(LinkRefusal::Over);
        }
        if let Some(code) = &self.code {
            let again_at = code.asked_at.plus_seconds(CODE_PAUSE_SECONDS);
            if now < again_at {
                return Err(LinkRefusal::TooSoon { again_at });
            }
        }
        if self.asked >= CODES_MAX {
            return Err(LinkRefusal::CodesExhausted);
        }
        self.asked = self.asked.saturating_add(1);
        self.code = Some(Code {
            mail,
            hash,
            asked_at: now,
            tries: 0,
        });
        Ok(self)
    }

    /// One guess: the link as it is after it, saved whether it was right or not.
    pub fn guess(mut self, hash: &TokenHash, now: Timestamp) -> (Self, Result<(), LinkRefusal>) {
        if !self.is_open(now) {
            return (self, Err(LinkRefusal::Over));
        }
        let standing = self.code.as_mut();
        let standing =
            standing.filter(|code| now < code.expires_at() && code.tries < CODE_TRIES_MAX);
        let Some(code) = standing else {
            return (self, Err(LinkRefusal::NoCode));
        };
        code.tries = code.tries.saturating_add(1);
        let tries_left = CODE_TRIES_MAX.saturating_sub(code.tries);
        if !code.hash.matches(hash) {
            return (self, Err(LinkRefusal::Wrong { tries_left }));
        }
        self.used_at = Some(now);
        (self, Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const START: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

    fn mail(n: u128) -> MailId {
        MailId::from_uuid(Uuid::from_u128(n))
    }

    fn link() -> Link {
        Link {
            order: OrderId::from_uuid(Uuid::from_u128(1)),
            expires_at: START.plus_seconds(LOOK_SECONDS),
            used_at: None,
            code: None,
            asked: 0,
        }
    }

    fn asked(at: Timestamp) -> Link {
        link().ask(mail(2), TokenHash::of("123456"), at).unwrap()
    }

    #[test]
    fn the_right_code_opens_once() {
        let right = TokenHash::of("123456");
        let (used, outcome) = asked(START).guess(&right, START.plus_seconds(CODE_SECONDS - 1));
        assert_eq!(outcome, Ok(()));
        assert_eq!(used.clone().guess(&right, START).1, Err(LinkRefusal::Over));
        let again = used.ask(mail(3), right, START.plus_seconds(600));
        assert_eq!(again, Err(LinkRefusal::Over));
    }

    #[test]
    fn guesses_are_counted_and_bounded() {
        let (right, wrong) = (TokenHash::of("123456"), TokenHash::of("123457"));
        let mut link = asked(START);
        for left in (0..CODE_TRIES_MAX).rev() {
            let (next, outcome) = link.guess(&wrong, START);
            assert_eq!(outcome, Err(LinkRefusal::Wrong { tries_left: left }));
            link = next;
        }
        assert_eq!(
            link.clone().guess(&right, START).1,
            Err(LinkRefusal::NoCode)
        );
        let later = START.plus_seconds(CODE_PAUSE_SECONDS);
        let fresh = link.ask(mail(3), TokenHash::of("654321"), later).unwrap();
        assert_eq!(
            fresh.clone().guess(&right, later).1,
            Err(LinkRefusal::Wrong { tries_left: 4 }),
            "an earlier code is worth nothing"
        );
        assert_eq!(fresh.guess(&TokenHash::of("654321"), later).1, Ok(()));
    }

    #[test]
    fn a_code_grows_old_and_so_does_the_link() {
        let right = TokenHash::of("123456");
        let late = START.plus_seconds(CODE_SECONDS);
        assert_eq!(asked(START).guess(&right, late).1, Err(LinkRefusal::NoCode));
        let over = START.plus_seconds(LOOK_SECONDS);
        assert_eq!(link().ask(mail(2), right, over), Err(LinkRefusal::Over));
    }

    #[test]
    fn a_widget_gives_a_few_links_one_a_minute() {
        let mut before = Vec::new();
        for n in 0..i64::try_from(WISHES_MAX).unwrap() {
            let now = START.plus_seconds(n * CODE_PAUSE_SECONDS);
            assert_eq!(wish(&before, now), Ok(()));
            before.insert(0, now);
            let again_at = now.plus_seconds(CODE_PAUSE_SECONDS);
            let soon = wish(&before, again_at.plus_seconds(-1));
            assert_eq!(soon, Err(LinkRefusal::TooSoon { again_at }));
        }
        let later = START.plus_seconds(LOOK_SECONDS);
        assert_eq!(wish(&before, later), Err(LinkRefusal::CodesExhausted));
    }

    #[test]
    fn a_mailbox_is_not_filled() {
        let (mut link, mut at) = (asked(START), START);
        let again_at = START.plus_seconds(CODE_PAUSE_SECONDS);
        let soon = link
            .clone()
            .ask(mail(3), TokenHash::of("1"), START.plus_seconds(1));
        assert_eq!(soon, Err(LinkRefusal::TooSoon { again_at }));
        for n in 1..CODES_MAX {
            at = at.plus_seconds(CODE_PAUSE_SECONDS);
            link = link
                .ask(mail(3), TokenHash::of(&n.to_string()), at)
                .unwrap();
        }
        at = at.plus_seconds(CODE_PAUSE_SECONDS);
        let more = link.ask(mail(3), TokenHash::of("1"), at);
        assert_eq!(more, Err(LinkRefusal::CodesExhausted));
    }
}
