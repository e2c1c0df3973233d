//! The server's end of the socket.

use super::wire::{
    ANSWER_BYTES_MAX, Answer, Connection, QUESTION_BYTES_MAX, Question, SocketSecret, unexpected,
};
use crate::{
    ListKeeper, PROVIDER,
    allow::{Listed, Vote},
};
use proof_core::{
    Address, Entropy, Network,
    id::{IntentId, OrderId},
    recovery::Epoch,
};
use proof_port::{PortError, Promised, Signed, SignedState, Signer, SigningIntent, Timer, Whose};
use std::{
    fmt, io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{net::UnixStream, sync::Semaphore};

/// Questions at the same time; the signer answers one after the other.
const QUESTIONS_MAX: usize = 16;
/// Connections that are kept for the next questions.
const KEPT_MAX: usize = 4;
/// Each question ends in one write to disk.
const PATIENCE_SECONDS: i64 = 10;

/// A signer that is another process. Every failure but its own *no* is one to retry.
pub struct SocketSigner {
    path: PathBuf,
    secret: SocketSecret,
    entropy: Arc<dyn Entropy>,
    timer: Arc<dyn Timer>,
    places: Semaphore,
    /// Connections that lie idle.
    idle: Mutex<Vec<Connection>>,
}

impl fmt::Debug for SocketSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SocketSigner")
    }
}

impl SocketSigner {
    pub const fn new(
        path: PathBuf,
        secret: SocketSecret,
        entropy: Arc<dyn Entropy>,
        timer: Arc<dyn Timer>,
    ) -> Self {
        Self {
            path,
            secret,
            entropy,
            timer,
            places: Semaphore::const_new(QUESTIONS_MAX),
            idle: Mutex::new(Vec::new()),
        }
    }

    async fn ask(&self, question: Question) -> Result<Answer, PortError> {
        let bytes = serde_json::to_vec(&question);
        let bytes = bytes.map_err(|error| PortError::give_up(PROVIDER, error))?;
        let until = self.timer.now().plus_seconds(PATIENCE_SECONDS);
        let answered = tokio::select! {
            answered = self.converse(&bytes) => answered,
            () = self.timer.sleep_until(until) => Err(io::ErrorKind::TimedOut.into()),
        };
        let unanswered = |error: io::Error| {
            PortError::retry(PROVIDER, format!("{}: {error}", self.path.display()))
        };
        match answered.map_err(unanswered)? {
            Answer::Refused(why) => Err(PortError::give_up(PROVIDER, why)),
            Answer::Later(why) => Err(PortError::retry(PROVIDER, why).answered()),
            Answer::InDoubt(why) => Err(PortError::retry(PROVIDER, why)),
            answer => Ok(answer),
        }
    }

    /// Dropped in the middle, it takes its connection with it: the next question does not hear this one's answer.
    async fn converse(&self, question: &[u8]) -> io::Result<Answer> {
        let place = self.places.acquire().await;
        let _place = place.map_err(io::Error::other)?;
        // The signer may have gone and come back since.
        if let Some(mut kept) = self.take_idle()
            && let Ok(answer) = once(&mut kept, question).await
        {
            self.keep(kept);
            return Ok(answer);
        }
        let stream = UnixStream::connect(&self.path).await?;
        let greeted = Connection::greet(stream, &self.secret, &*self.entropy).await;
        let mut fresh = greeted.map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe => io::Error::other("it lets no process of this user ask"),
            _ => error,
        })?;
        let answer = once(&mut fresh, question).await?;
        self.keep(fresh);
        Ok(answer)
    }

    fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.pop()
    }

    fn keep(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT_MAX {
            idle.push(connection);
        }
    }

    async fn done(&self, question: Question) -> Result<(), PortError> {
        match self.ask(question).await? {
            Answer::Done => Ok(()),
            _ => Err(unexpected()),
        }
    }

    async fn address(&self, question: Question) -> Result<Address, PortError> {
        match self.ask(question).await? {
            Answer::Address(address) => Ok(address),
            _ => Err(unexpected()),
        }
    }
}

async fn once(connection: &mut Connection, question: &[u8]) -> io::Result<Answer> {
    connection.send(question, QUESTION_BYTES_MAX).await?;
    let answer = connection.receive(ANSWER_BYTES_MAX).await?;
    let answer = answer.ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(serde_json::from_slice(&answer)?)
}

#[async_trait::async_trait]
impl Signer for SocketSigner {
    async fn epoch(&self) -> Result<Epoch, PortError> {
        match self.ask(Question::Epoch).await? {
            Answer::Epoch(epoch) => Ok(epoch),
            _ => Err(unexpected()),
        }
    }

    async fn epoch_begin(&self, epoch: Epoch) -> Result<(), PortError> {
        self.done(Question::EpochBegin { epoch }).await
    }

    async fn promises(&self, after: Option<OrderId>) -> Result<Vec<Promised>, PortError> {
        match self.ask(Question::Promises { after }).await? {
            Answer::Promises(page) => Ok(page),
            _ => Err(unexpected()),
        }
    }

    async fn promised(&self, order: OrderId) -> Result<Promised, PortError> {
        match self.ask(Question::Promised { order }).await? {
            Answer::Promised(promised) => Ok(*promised),
            _ => Err(unexpected()),
        }
    }

    async fn wallet(&self, network: Network) -> Result<Address, PortError> {
        self.address(Question::Wallet { network }).await
    }

    async fn cold(&self, network: Network) -> Result<Option<Address>, PortError> {
        match self.ask(Question::Cold { network }).await? {
            Answer::Cold(address) => Ok(address),
            _ => Err(unexpected()),
        }
    }

    async fn register(
        &self,
        epoch: Epoch,
        order: OrderId,
        destination: &Address,
        whose: Whose,
    ) -> Result<(), PortError> {
        let destination = destination.clone();
        self.done(Question::Register {
            epoch,
            order,
            destination,
            whose,
        })
        .await
    }

    async fn open_deposit(
        &self,
        epoch: Epoch,
        order: OrderId,
        refund: &Address,
    ) -> Result<Address, PortError> {
        let refund = refund.clone();
        self.address(Question::OpenDeposit {
            epoch,
            order,
            refund,
        })
        .await
    }

    async fn sign(&self, epoch: Epoch, intent: &SigningIntent) -> Result<Signed, PortError> {
        let intent = Box::new(intent.clone());
        match self.ask(Question::Sign { epoch, intent }).await? {
            Answer::Signed(signed) => Ok(signed),
            _ => Err(unexpected()),
        }
    }

    async fn close(&self, epoch: Epoch, intent: IntentId) -> Result<SignedState, PortError> {
        match self.ask(Question::Close { epoch, intent }).await? {
            Answer::State(state) => Ok(state),
            _ => Err(unexpected()),
        }
    }
}

#[async_trait::async_trait]
impl ListKeeper for SocketSigner {
    async fn listed(&self) -> Result<Listed, PortError> {
        match self.ask(Question::Listed).await? {
            Answer::Listed(listed) => Ok(*listed),
            _ => Err(unexpected()),
        }
    }

    async fn vote(&self, vote: Vote) -> Result<bool, PortError> {
        match self.ask(Question::Vote(Box::new(vote))).await? {
            Answer::Voted(is_changed) => Ok(is_changed),
            _ => Err(unexpected()),
        }
    }
}
