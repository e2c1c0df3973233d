//! What letters say: what happened, what to do, until when, and what happens otherwise.

use super::{Awaited, Ending, Letter, Mailbox, Returned, Wait, words::say};
use crate::{
    language::Language,
    link::{CODE_DIGITS, CODE_SECONDS},
    money::{Amount, Money},
    order::Order,
    partner::Side,
    time::Timestamp,
};

/// What a letter says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Text {
    pub subject: String,
    pub body: String,
}

/// Whose order it is, and in which language its user reads.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    pub partner: &'a str,
    /// The order's public number.
    pub order: &'a str,
    pub language: Language,
}

/// An order that was carried out, where it can be followed on its chain, and its receipt.
#[derive(Clone, Debug)]
pub struct Finished<'a> {
    pub order: &'a Order,
    pub transactions: &'a [String],
    pub receipt: &'a str,
    pub receipt_until: Timestamp,
}

type Parts = (String, Vec<String>);

impl Letter {
    /// The letters with a link; `None` for one that has a code or a receipt.
    pub fn text(&self, sender: Sender<'_>, link: &str) -> Option<Text> {
        let (subject, paragraphs) = match self {
            Self::Waits { wait, reminder } => sender.waits(wait, *reminder, link),
            Self::Ended { ending } => sender.ended(ending, link),
            Self::Resume => {
                let way = format!("{}\n\n{link}", sender.say("resume.text", &[]));
                (sender.say("resume.subject", &[]), vec![way])
            }
            Self::Completed | Self::Code | Self::KnownCode | Self::EmailCode { .. } => return None,
        };
        let last = format!("{}\n\n{}", sender.say("once", &[]), sender.order_line());
        Some(sender.written(subject, paragraphs, &last))
    }

    /// The letters with a code. They have no link, so that nobody gets used to following both.
    pub fn code_text(&self, sender: Sender<'_>, code: &str) -> Option<Text> {
        let (what, last) = match self {
            Self::Code => (sender.timed("code.text"), "code.last"),
            Self::KnownCode => (sender.timed("known.text"), "known.last"),
            Self::EmailCode { mailbox } => {
                let (why, last) = match mailbox {
                    Mailbox::Former => ("email.former", "email.formerLast"),
                    Mailbox::New => ("email.new", "email.newLast"),
                };
                let why = sender.say(why, &[]);
                (format!("{why} {}", sender.timed("email.what")), last)
            }
            Self::Waits { .. } | Self::Ended { .. } | Self::Completed | Self::Resume => {
                return None;
            }
        };
        let subject = sender.say("code.subject", &[]);
        let last = sender.say(last, &[]);
        Some(sender.written(subject, vec![code.to_owned(), what], &last))
    }
}

impl Finished<'_> {
    pub fn text(&self, sender: Sender<'_>) -> Text {
        let order = self.order;
        let amount = coin(order.amount);
        let total = order.price.as_ref().map(|price| money(price.total));
        let total = total.unwrap_or_default();
        let network = order.amount.asset().network().name();
        let given = [
            ("amount", amount.as_str()),
            ("total", &total),
            ("network", network),
        ];
        let (subject, what) = match order.side {
            Side::Buy => ("bought.subject", "bought.text"),
            Side::Sell => ("paid.subject", "paid.text"),
        };
        let mut paragraphs = vec![sender.say(what, &given)];
        for transaction in self.transactions {
            paragraphs.push(format!(
                "{}\n{transaction}",
                sender.say("transaction", &given)
            ));
        }
        let until = sender.moment(self.receipt_until);
        let receipt = sender.say("receipt", &[("until", &until)]);
        paragraphs.push(format!("{receipt}\n{}", self.receipt));
        let last = format!(
            "{}\n\n{}",
            sender.say("receipt.last", &[]),
            sender.order_line()
        );
        sender.written(sender.say(subject, &given), paragraphs, &last)
    }
}

fn coin(amount: Amount) -> String {
    format!("{} {}", amount.to_decimal(), amount.asset().ticker())
}

fn money(money: Money) -> String {
    format!("{} {}", money.to_decimal(), money.fiat())
}

impl Sender<'_> {
    fn say(&self, key: &str, given: &[(&str, &str)]) -> String {
        let own = [("partner", self.partner), ("order", self.order)];
        say(self.language, key, &[given, &own].concat())
    }

    fn timed(&self, key: &str) -> String {
        let (digits, minutes) = (CODE_DIGITS.to_string(), (CODE_SECONDS / 60).to_string());
        self.say(key, &[("digits", &digits), ("minutes", &minutes)])
    }

    fn order_line(&self) -> String {
        self.say("order", &[])
    }

    /// Names of months are known of English alone.
    fn moment(&self, at: Timestamp) -> String {
        match self.language {
            Language::En => at.to_words(),
            Language::Es
            | Language::De
            | Language::Fr
            | Language::Pt
            | Language::Tr
            | Language::Ru
            | Language::Ar
            | Language::Zh
            | Language::Ja => at.to_digits(),
        }
    }

    fn written(&self, subject: String, paragraphs: Vec<String>, last: &str) -> Text {
        let mut body = self.say("hello", &[]);
        body.push_str("\n\n");
        for paragraph in paragraphs {
            body.push_str(&paragraph);
            body.push_str("\n\n");
        }
        body.push_str(last);
        body.push('\n');
        Text { subject, body }
    }

    fn waits(&self, wait: &Wait, reminder: bool, link: &str) -> Parts {
        let until = self.moment(wait.until);
        let linked = |key| format!("{}\n\n{link}", self.say(key, &[("until", &until)]));
        let (subject, mut paragraphs) = match &wait.awaited {
            Awaited::Rest { received, missing } => {
                let (received, missing) = (coin(*received), coin(*missing));
                let given = [
                    ("received", received.as_str()),
                    ("missing", &missing),
                    ("until", &until),
                ];
                let say = |key| self.say(key, &given);
                let todo = format!("{}\n\n{link}", say("rest.todo"));
                let paragraphs = vec![say("rest.what"), todo, say("rest.otherwise")];
                (say("rest.subject"), paragraphs)
            }
            Awaited::Choice { amount, agreed } => {
                let (amount, agreed) = (coin(*amount), money(*agreed));
                let given = [("amount", amount.as_str()), ("agreed", &agreed)];
                let say = |key| self.say(key, &given);
                let paragraphs = vec![say("choice.what"), linked("choose"), say("back")];
                (say("choice.subject"), paragraphs)
            }
            Awaited::Late { amount, .. } => {
                let amount = coin(*amount);
                let say = |key| self.say(key, &[("amount", &amount)]);
                let paragraphs = vec![say("late.what"), linked("choose"), say("back")];
                (say("late.subject"), paragraphs)
            }
        };
        if reminder {
            paragraphs.insert(0, self.say("reminder.text", &[]));
            return (self.say("reminder", &[("subject", &subject)]), paragraphs);
        }
        (subject, paragraphs)
    }

    fn of_total(&self, what: &str, total: Money) -> (String, String) {
        let total = money(total);
        let say = |part| self.say(&format!("{what}.{part}"), &[("total", &total)]);
        (say("subject"), say("text"))
    }

    fn ended(&self, ending: &Ending, link: &str) -> Parts {
        let follow = format!("{}\n\n{link}", self.say("follow", &[]));
        let (subject, what) = match ending {
            Ending::Complete { amount } => {
                let amount = coin(*amount);
                let given = [("amount", amount.as_str())];
                let what = self.say("complete.text", &given);
                (self.say("complete.subject", &given), what)
            }
            Ending::Sold { amount, total } => {
                let (amount, total) = (coin(*amount), money(*total));
                let given = [("amount", amount.as_str()), ("total", &total)];
                (
                    self.say("sold.subject", &given),
                    self.say("sold.text", &given),
                )
            }
            Ending::Bounced { total } => self.of_total("bounced", *total),
            Ending::Banked { total } => self.of_total("banked", *total),
            Ending::Returning { amount, why } => {
                let amount = coin(*amount);
                let given = [("amount", amount.as_str())];
                let why = self.say(
                    match why {
                        Returned::Incomplete => "returning.incomplete",
                        Returned::Chosen => "returning.chosen",
                        Returned::Silence => "returning.silence",
                    },
                    &[],
                );
                let what = format!("{why} {}", self.say("returning.text", &given));
                (self.say("returning.subject", &given), what)
            }
        };
        (subject, vec![what, follow])
    }
}
