//! The users' mailboxes: what they were written, and a mail server that can be told to fail.

use proof_port::{Class, Mail, Message, PortError};
use std::{collections::VecDeque, sync::Mutex};

#[derive(Default)]
pub struct Letters {
    pub sent: Mutex<Vec<Message>>,
    /// What the next tries meet; a letter in doubt is there all the same.
    pub faults: Mutex<VecDeque<Class>>,
    /// Ids of the letters that were tried.
    pub tried: Mutex<Vec<String>>,
}

#[async_trait::async_trait]
impl Mail for Letters {
    async fn send(&self, message: &Message) -> Result<(), PortError> {
        self.tried.lock().unwrap().push(message.id.clone());
        let fault = self.faults.lock().unwrap().pop_front();
        match fault {
            Some(Class::Retry) => return Err(PortError::retry("letters", "busy")),
            Some(Class::GiveUp) => return Err(PortError::give_up("letters", "no such mailbox")),
            Some(Class::InDoubt) | None => {}
        }
        self.sent.lock().unwrap().push(message.clone());
        match fault {
            Some(_) => Err(PortError::in_doubt("letters", "no answer")),
            None => Ok(()),
        }
    }
}
