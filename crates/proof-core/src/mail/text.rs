//! The words of letters: what happened, what to do, until when, and what happens otherwise.

use super::{Awaited, Ending, Letter, Mailbox, Returned, Wait};
use crate::{
    link::{CODE_DIGITS, CODE_SECONDS},
    money::{Amount, Money},
};

/// What a letter says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Text {
    pub subject: String,
    pub body: String,
}

/// Whose order it is, and the way to it.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    pub partner: &'a str,
    /// The order's public number.
    pub order: &'a str,
    pub link: &'a str,
}

const GOODBYE: &str = "The link opens your order once; we then email you a code to go with it. If this order is not yours, \
                       you need not do anything.";

impl Letter {
    /// `None` for a code, which has words of its own.
    pub fn text(&self, sender: Sender<'_>) -> Option<Text> {
        let (subject, paragraphs) = match self {
            Self::Waits { wait, reminder } => waits(wait, *reminder, sender),
            Self::Ended { ending } => ended(ending, sender),
            Self::Code | Self::KnownCode | Self::EmailCode { .. } => return None,
        };
        let partner = sender.partner;
        let last = format!("{GOODBYE}\n\nOrder {} with {partner}", sender.order);
        Some(written(subject, paragraphs, &last))
    }
}

/// The letter with a link's code. It has no link, so that nobody gets used to following both.
pub fn code_text(partner: &str, code: &str) -> Text {
    let (digits, minutes) = (CODE_DIGITS, CODE_SECONDS / 60);
    let paragraphs = vec![
        code.to_owned(),
        format!(
            "This is the {digits}-digit code that opens your order with {partner}. It is good for {minutes} minutes."
        ),
    ];
    let last = "Enter it only on the page that you opened from our email. Nobody of us will ever ask you for it. \
                If you did not ask for a code, somebody else has your link: do nothing, and it opens nothing.";
    written(format!("Your code for {partner}"), paragraphs, last)
}

/// The letter with the code for somebody who was checked at another shop.
pub fn known_text(partner: &str, code: &str) -> Text {
    let (digits, minutes) = (CODE_DIGITS, CODE_SECONDS / 60);
    let paragraphs = vec![
        code.to_owned(),
        format!(
            "You say at {partner} that your identity was checked before. This is the {digits}-digit code that \
             confirms it, together with a selfie. It is good for {minutes} minutes."
        ),
    ];
    let last = "Enter it only in the window in which you asked for it. Nobody of us will ever ask you for it. \
                If you did not ask for a code, do nothing: without your face it is worth nothing.";
    written(format!("Your code for {partner}"), paragraphs, last)
}

/// The letter with the code that confirms a new address, to it or to the one before.
pub fn email_text(partner: &str, mailbox: Mailbox, code: &str) -> Text {
    let (digits, minutes) = (CODE_DIGITS, CODE_SECONDS / 60);
    let (why, last) = match mailbox {
        Mailbox::Former => (
            format!("{partner} names another email address for you than this one."),
            "Enter it only in the window in which you asked for it. Nobody of us will ever ask you for it. If you did \
             not change your address, somebody else is in your account there: give the code to nobody, and tell the \
             shop. Without it nothing changes.",
        ),
        Mailbox::New => (
            format!("{partner} names this email address for you, in place of the one before."),
            "Enter it only in the window in which you asked for it. Nobody of us will ever ask you for it. If you did \
             not ask for a code, do nothing: without the other code it is worth nothing.",
        ),
    };
    let what = format!(
        "This is the {digits}-digit code that confirms the change, together with one from the other mailbox. It is \
         good for {minutes} minutes."
    );
    let paragraphs = vec![code.to_owned(), format!("{why} {what}")];
    written(format!("Your code for {partner}"), paragraphs, last)
}

fn written(subject: String, paragraphs: Vec<String>, last: &str) -> Text {
    let mut body = String::from("Hello,\n\n");
    for paragraph in paragraphs {
        body.push_str(&paragraph);
        body.push_str("\n\n");
    }
    body.push_str(last);
    body.push('\n');
    Text { subject, body }
}

fn coin(amount: Amount) -> String {
    format!("{} {}", amount.to_decimal(), amount.asset().ticker())
}

fn money(money: Money) -> String {
    format!("{} {}", money.to_decimal(), money.fiat())
}

fn waits(wait: &Wait, reminder: bool, sender: Sender<'_>) -> (String, Vec<String>) {
    let (partner, link) = (sender.partner, sender.link);
    let until = wait.until.to_words();
    let back = |amount: String| {
        format!(
            "If we hear nothing by then, we send your {amount} back to the refund address that you gave."
        )
    };
    let (subject, mut paragraphs) = match &wait.awaited {
        Awaited::Rest { received, missing } => {
            let (received, missing) = (coin(*received), coin(*missing));
            let what = format!(
                "{received} have arrived for your order with {partner}. {missing} are still missing."
            );
            let todo = format!(
                "Send the missing {missing} to the same address until {until}. Your order shows the address:\n\n{link}"
            );
            let otherwise = format!(
                "If they do not arrive by then, we send your {received} back to the refund address that you gave."
            );
            (
                format!("{missing} are missing"),
                vec![what, todo, otherwise],
            )
        }
        Awaited::Choice { amount, agreed } => {
            let (amount, agreed) = (coin(*amount), money(*agreed));
            let what = format!(
                "Your {amount} have arrived for your order with {partner}. Since you agreed to {agreed} the market has \
                 moved too far, so you decide: receive today's price, or have your {amount} back."
            );
            let todo = format!("Open your order and choose until {until}:\n\n{link}");
            let subject = format!("The price of your {amount} has moved");
            (subject, vec![what, todo, back(amount)])
        }
        Awaited::Late { amount, .. } => {
            let amount = coin(*amount);
            let what = format!(
                "{amount} arrived for your order with {partner} after it had ended. You decide: sell them at today's \
                 price, or have them back."
            );
            let todo = format!("Open your order and choose until {until}:\n\n{link}");
            let subject = format!("Your {amount} arrived late");
            (subject, vec![what, todo, back(amount)])
        }
    };
    if reminder {
        paragraphs.insert(0, "This is a reminder; there will be no other.".to_owned());
        return (format!("Reminder: {subject}"), paragraphs);
    }
    (subject, paragraphs)
}

fn ended(ending: &Ending, sender: Sender<'_>) -> (String, Vec<String>) {
    let (partner, link) = (sender.partner, sender.link);
    let follow = format!("You need not do anything. Your order shows how it goes on:\n\n{link}");
    let (subject, what) = match ending {
        Ending::Complete { amount } => {
            let amount = coin(*amount);
            let what = format!("All {amount} have arrived for your order with {partner}.");
            (format!("All {amount} have arrived"), what)
        }
        Ending::Sold { amount, total } => {
            let (amount, total) = (coin(*amount), money(*total));
            let what = format!(
                "You sold your {amount} at today's price in your order with {partner}. We are sending {total} to your card."
            );
            (format!("{total} are on their way to you"), what)
        }
        Ending::Returning { amount, why } => {
            let amount = coin(*amount);
            let why = match why {
                Returned::Incomplete => "The rest did not arrive in time.",
                Returned::Chosen => "You asked for your crypto back.",
                Returned::Silence => "The time to choose is over, and we did not hear from you.",
            };
            let what = format!(
                "{why} For your order with {partner} we are sending {amount} back to the refund address that you gave."
            );
            (format!("{amount} are on their way back to you"), what)
        }
    };
    (subject, vec![what, follow])
}
