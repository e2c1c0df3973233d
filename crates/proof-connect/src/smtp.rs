//! A mail server. SMTP is everybody's, so there is no folder of words to translate.

use proof_outbound::{Envelope, Sent, SmtpDoor, SmtpError};
use proof_port::{Mail, Message, PortError};

const PROVIDER: &str = "smtp";

pub struct SmtpMail {
    door: SmtpDoor,
}

impl SmtpMail {
    pub const fn new(door: SmtpDoor) -> Self {
        Self { door }
    }
}

#[async_trait::async_trait]
impl Mail for SmtpMail {
    async fn send(&self, message: &Message) -> Result<(), PortError> {
        self.door.send(envelope(message)).await.map_err(classed)
    }
}

/// What the door takes.
pub fn envelope(message: &Message) -> Envelope<'_> {
    Envelope {
        id: &message.id,
        to: &message.to,
        subject: &message.subject,
        text: &message.text,
        at_seconds: u64::try_from(message.at.seconds()).unwrap_or(0),
    }
}

fn classed(error: SmtpError) -> PortError {
    match (error.refused, error.sent) {
        (true, _) => PortError::give_up(PROVIDER, error),
        (false, Sent::No) => PortError::retry(PROVIDER, error),
        (false, Sent::Maybe) => PortError::in_doubt(PROVIDER, error),
    }
}
