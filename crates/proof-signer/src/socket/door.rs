//! The signer's end of the socket.

use super::wire::{
    ANSWER_BYTES_MAX, Answer, Connection, QUESTION_BYTES_MAX, Question, SocketSecret,
};
use crate::ListKeeper;
use futures::{StreamExt, stream::FuturesUnordered};
use proof_core::Entropy;
use proof_port::{PortError, Timer};
use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::net::{UnixListener, UnixStream};

/// Connections at the same time; a server keeps a few.
const CONNECTIONS_MAX: usize = 32;
/// Somebody who has not proved the secret by then is sent away, and so is one who does not take an answer.
const PATIENCE_SECONDS: i64 = 5;
/// A connection over which nothing is asked for so long makes room for another.
const IDLE_SECONDS: i64 = 60;

#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    #[error("cannot listen at {0}: {1}")]
    Io(PathBuf, io::Error),
    #[error("{0} is there, and no socket")]
    NoSocket(PathBuf),
    #[error(
        "the folder {0} has to be the signer's own, and closed to others: chmod 700, or 750 for a server of another user in its group"
    )]
    OpenFolder(PathBuf),
}

/// The open door.
pub struct SignerDoor {
    listener: UnixListener,
    secret: SocketSecret,
    /// Users whose processes may ask.
    users: Vec<u32>,
    entropy: Arc<dyn Entropy>,
    timer: Arc<dyn Timer>,
}

impl SignerDoor {
    /// Whoever holds the journal's lock may replace a socket that a crash has left behind. Without `users`, only
    /// processes of the signer's own user may ask.
    pub fn open(
        path: &Path,
        secret: SocketSecret,
        users: &[u32],
        entropy: Arc<dyn Entropy>,
        timer: Arc<dyn Timer>,
    ) -> Result<Self, DoorError> {
        let io = |error: io::Error| DoorError::Io(path.to_owned(), error);
        match fs::symlink_metadata(path) {
            Ok(found) if found.file_type().is_socket() => fs::remove_file(path).map_err(io)?,
            Ok(_) => return Err(DoorError::NoSocket(path.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(io(error)),
        }
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let mode = fs::metadata(folder).map_err(io)?.permissions().mode();
        if mode & 0o027 != 0 {
            return Err(DoorError::OpenFolder(folder.to_owned()));
        }
        let listener = UnixListener::bind(path).map_err(io)?;
        // The folder says who comes as far as this.
        fs::set_permissions(path, Permissions::from_mode(0o660)).map_err(io)?;
        let made = fs::metadata(path).map_err(io)?;
        if made.uid() != fs::metadata(folder).map_err(io)?.uid() {
            return Err(DoorError::OpenFolder(folder.to_owned()));
        }
        let users = if users.is_empty() {
            vec![made.uid()]
        } else {
            users.to_vec()
        };
        Ok(Self {
            listener,
            secret,
            users,
            entropy,
            timer,
        })
    }

    /// Answers until `stop` resolves; what is asked at that moment is answered on another day.
    pub async fn answer(self, signer: Arc<dyn ListKeeper>, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let mut in_hand = FuturesUnordered::new();
        loop {
            let room = in_hand.len() < CONNECTIONS_MAX;
            tokio::select! {
                () = &mut stop => return,
                Some(()) = in_hand.next(), if !in_hand.is_empty() => {}
                accepted = self.listener.accept(), if room => match accepted {
                    Ok((stream, _)) => in_hand.push(self.attend(&*signer, stream)),
                    Err(error) => {
                        tracing::warn!("the signer's socket fails: {error}");
                        self.timer.sleep_until(self.timer.now().plus_seconds(1)).await;
                    }
                },
            }
        }
    }

    async fn attend(&self, signer: &dyn ListKeeper, stream: UnixStream) {
        if let Err(error) = self.converse(signer, stream).await {
            tracing::warn!("a server's connection ended: {error}");
        }
    }

    async fn converse(&self, signer: &dyn ListKeeper, stream: UnixStream) -> io::Result<()> {
        let user = stream.peer_cred()?.uid();
        if !self.users.contains(&user) {
            let what = format!("user {user} may not ask");
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, what));
        }
        let welcome = Connection::welcome(stream, &self.secret, &*self.entropy);
        let mut connection = self.in_time(welcome).await?;
        loop {
            let until = self.timer.now().plus_seconds(IDLE_SECONDS);
            let question = tokio::select! {
                question = connection.receive(QUESTION_BYTES_MAX) => question?,
                () = self.timer.sleep_until(until) => None,
            };
            let Some(question) = question else {
                return Ok(());
            };
            let answer = match serde_json::from_slice(&question) {
                Ok(question) => reply(signer, question).await,
                // Of another version: no verdict, so that nothing turns round because of it.
                Err(error) => Answer::Later(format!("unreadable question: {error}")),
            };
            let answer = serde_json::to_vec(&answer)?;
            self.in_time(connection.send(&answer, ANSWER_BYTES_MAX))
                .await?;
        }
    }

    async fn in_time<T>(&self, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        let until = self.timer.now().plus_seconds(PATIENCE_SECONDS);
        tokio::select! {
            done = work => done,
            () = self.timer.sleep_until(until) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

async fn reply(signer: &dyn ListKeeper, question: Question) -> Answer {
    answer(signer, question).await.unwrap_or_else(Into::into)
}

async fn answer(signer: &dyn ListKeeper, question: Question) -> Result<Answer, PortError> {
    Ok(match question {
        Question::Epoch => Answer::Epoch(signer.epoch().await?),
        Question::EpochBegin { epoch } => {
            signer.epoch_begin(epoch).await?;
            Answer::Done
        }
        Question::Promises { after } => Answer::Promises(signer.promises(after).await?),
        Question::Promised { order } => Answer::Promised(Box::new(signer.promised(order).await?)),
        Question::Wallet { network } => Answer::Address(signer.wallet(network).await?),
        Question::Cold { network } => Answer::Cold(signer.cold(network).await?),
        Question::Register {
            epoch,
            order,
            destination,
            whose,
        } => {
            let registered = signer.register(epoch, order, &destination, whose);
            registered.await?;
            Answer::Done
        }
        Question::OpenDeposit {
            epoch,
            order,
            refund,
        } => Answer::Address(signer.open_deposit(epoch, order, &refund).await?),
        Question::Sign { epoch, intent } => Answer::Signed(signer.sign(epoch, &intent).await?),
        Question::Close { epoch, intent } => Answer::State(signer.close(epoch, intent).await?),
        Question::Listed => Answer::Listed(Box::new(signer.listed().await?)),
        Question::Vote(vote) => Answer::Voted(signer.vote(*vote).await?),
    })
}
