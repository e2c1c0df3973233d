//! A signer on its own thread: whoever asks hands over a question and waits, as with a process of
//! its own.

use crate::{
    LocalSigner, PROVIDER,
    allow::{Listed, Vote},
};
use futures::channel::oneshot;
use proof_core::{
    Address, Network,
    id::{IntentId, OrderId},
    recovery::Epoch,
};
use proof_port::{PortError, Promised, Signed, SignedState, Signer, SigningIntent, Whose};
use std::{
    io,
    sync::{
        Arc,
        mpsc::{SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

/// Each question ends in one write to disk; a longer queue would only hide that the disk is slow.
const QUEUE_LENGTH_MAX: usize = 256;

type Job = Box<dyn FnOnce(&LocalSigner) + Send>;

/// What people ask of a signer, and no server.
#[async_trait::async_trait]
pub trait ListKeeper: Signer {
    async fn listed(&self) -> Result<Listed, PortError>;

    /// Whether the list was changed by it, being the second one. `GiveUp`: it is not taken.
    async fn vote(&self, vote: Vote) -> Result<bool, PortError>;
}

#[async_trait::async_trait]
impl ListKeeper for SignerThread {
    async fn listed(&self) -> Result<Listed, PortError> {
        self.ask(|signer| Ok(signer.listed_now())).await
    }

    async fn vote(&self, vote: Vote) -> Result<bool, PortError> {
        self.ask(move |signer| signer.vote_now(&vote)).await
    }
}

/// The thread ends with the last handle, which waits for it: then the journal is closed, and may be
/// opened again.
#[derive(Clone)]
pub struct SignerThread {
    running: Arc<Running>,
}

struct Running {
    /// Taken when it ends.
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl SignerThread {
    pub fn spawn(signer: LocalSigner) -> io::Result<Self> {
        let (jobs, queue) = sync_channel::<Job>(QUEUE_LENGTH_MAX);
        let thread = thread::Builder::new()
            .name("signer".to_owned())
            .spawn(move || {
                for job in queue {
                    job(&signer);
                }
            })?;
        let running = Arc::new(Running {
            jobs: Some(jobs),
            thread: Some(thread),
        });
        Ok(Self { running })
    }

    /// Every failure here is one to retry: each question may be asked any number of times.
    async fn ask<R: Send + 'static>(
        &self,
        question: impl FnOnce(&LocalSigner) -> Result<R, PortError> + Send + 'static,
    ) -> Result<R, PortError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |signer| {
            // Whoever asked may have gone away; what was decided is in the journal.
            let _ = answer.send(question(signer));
        });
        let taken = self.running.jobs.as_ref().map(|jobs| jobs.try_send(job));
        if !matches!(taken, Some(Ok(()))) {
            return Err(PortError::retry(PROVIDER, "busy or stopped"));
        }
        answered
            .await
            .map_err(|_| PortError::retry(PROVIDER, "stopped"))?
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so already.
            let _ = thread.join();
        }
    }
}

#[async_trait::async_trait]
impl Signer for SignerThread {
    async fn wallet(&self, network: Network) -> Result<Address, PortError> {
        self.ask(move |signer| signer.wallet_now(network)).await
    }

    async fn cold(&self, network: Network) -> Result<Option<Address>, PortError> {
        self.ask(move |signer| Ok(signer.cold_now(network))).await
    }

    async fn epoch(&self) -> Result<Epoch, PortError> {
        self.ask(|signer| Ok(signer.epoch_now())).await
    }

    async fn epoch_begin(&self, epoch: Epoch) -> Result<(), PortError> {
        self.ask(move |signer| signer.epoch_begin_now(epoch)).await
    }

    async fn promises(&self, after: Option<OrderId>) -> Result<Vec<Promised>, PortError> {
        self.ask(move |signer| Ok(signer.promises_now(after))).await
    }

    async fn promised(&self, order: OrderId) -> Result<Promised, PortError> {
        self.ask(move |signer| Ok(signer.promised_now(order))).await
    }

    async fn register(
        &self,
        epoch: Epoch,
        order: OrderId,
        destination: &Address,
        whose: Whose,
    ) -> Result<(), PortError> {
        let destination = destination.clone();
        self.ask(move |signer| signer.register_now(epoch, order, &destination, whose))
            .await
    }

    async fn open_deposit(
        &self,
        epoch: Epoch,
        order: OrderId,
        refund: &Address,
    ) -> Result<Address, PortError> {
        let refund = refund.clone();
        self.ask(move |signer| signer.open_deposit_now(epoch, order, &refund))
            .await
    }

    async fn sign(&self, epoch: Epoch, intent: &SigningIntent) -> Result<Signed, PortError> {
        let intent = intent.clone();
        self.ask(move |signer| signer.sign_now(epoch, &intent))
            .await
    }

    async fn close(&self, epoch: Epoch, intent: IntentId) -> Result<SignedState, PortError> {
        self.ask(move |signer| signer.close_now(epoch, intent))
            .await
    }
}
