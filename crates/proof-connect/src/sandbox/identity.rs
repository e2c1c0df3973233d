//! Identity checks.

use super::{PROVIDER, code, map, refused_question, unanswered_question, wire};
use proof_core::Entropy;
use proof_outbound::Configured;
use proof_port::{
    Challenge, Identity, IdentityStatus, KeptPart, PICTURE_BYTES_MAX, Picture, PictureProblem,
    PortError, Scope,
};

/// Nothing here moves money and every call may be repeated, so no failure is in doubt.
pub struct SandboxIdentity {
    provider: Configured,
}

impl SandboxIdentity {
    pub fn new(provider: Configured) -> Self {
        Self { provider }
    }
}

#[async_trait::async_trait]
impl Identity for SandboxIdentity {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    /// It is a sandbox: the last thousand pictures.
    fn kept_days(&self) -> Option<u32> {
        None
    }

    fn challenge(&self, _: &dyn Entropy) -> Challenge {
        Challenge::default()
    }

    async fn picture(
        &self,
        reference: &str,
        picture: &Picture,
        bytes: Vec<u8>,
    ) -> Result<Result<(), PictureProblem>, PortError> {
        let base = ["identity", "v1", "verifications", reference];
        let sent = match picture {
            Picture::Document { kind, side } => {
                let path = [&base[..], &["documents", kind.name(), side.name()]].concat();
                self.provider.put(&path, &[], bytes).await
            }
            Picture::Frame { index, step, .. } => {
                let index = index.to_string();
                let path = [&base[..], &["frames", &index]].concat();
                self.provider
                    .put(&path, &[("step", step.name())], bytes)
                    .await
            }
        };
        let answer = sent.map_err(unanswered_question)?;
        if answer.is_success() {
            return Ok(Ok(()));
        }
        let problem = match answer.status {
            422 => map::picture_problem(&code(&answer)),
            _ => None,
        };
        problem.map(Err).ok_or_else(|| refused_question(&answer))
    }

    async fn keep(&self, former: &str, reference: &str, part: KeptPart) -> Result<bool, PortError> {
        let belongs = |picture: &Picture| match picture {
            Picture::Document { .. } => part == KeptPart::Document,
            Picture::Frame { .. } => part == KeptPart::Selfie,
        };
        let mut pictures = self.pictures(former).await?;
        pictures.retain(belongs);
        let is_any = !pictures.is_empty();
        for picture in pictures {
            let Some(bytes) = self.look(former, &picture).await? else {
                return Ok(false);
            };
            if self.picture(reference, &picture, bytes).await?.is_err() {
                return Ok(false);
            }
        }
        Ok(is_any)
    }

    async fn submit(
        &self,
        reference: &str,
        email: &str,
        _: &Challenge,
        scope: Scope,
    ) -> Result<(), PortError> {
        let selfie = scope == Scope::Selfie;
        let path = ["identity", "v1", "verifications", reference, "submit"];
        let answer = self
            .provider
            .post(&path, &wire::Submit { email, selfie })
            .await;
        let answer = answer.map_err(unanswered_question)?;
        if answer.is_success() {
            Ok(())
        } else {
            Err(refused_question(&answer))
        }
    }

    async fn status(&self, reference: &str) -> Result<IdentityStatus, PortError> {
        let path = ["identity", "v1", "verifications", reference];
        let answer = self.provider.get(&path, &[]).await;
        let answer = answer.map_err(unanswered_question)?;
        match answer.status {
            404 => Ok(IdentityStatus::Unknown),
            200 => answer.json().map(map::verification).map_err(|error| {
                PortError::retry(PROVIDER, format!("unreadable answer: {error}")).answered()
            }),
            _ => Err(refused_question(&answer)),
        }
    }
    async fn pictures(&self, reference: &str) -> Result<Vec<Picture>, PortError> {
        let path = ["identity", "v1", "verifications", reference, "pictures"];
        let answer = self.provider.get(&path, &[]).await;
        let answer = answer.map_err(unanswered_question)?;
        match answer.status {
            404 => Ok(Vec::new()),
            200 => answer.json().map(map::pictures).map_err(|error| {
                PortError::retry(PROVIDER, format!("unreadable answer: {error}")).answered()
            }),
            _ => Err(refused_question(&answer)),
        }
    }

    async fn look(&self, reference: &str, picture: &Picture) -> Result<Option<Vec<u8>>, PortError> {
        let base = ["identity", "v1", "verifications", reference];
        let path: Vec<String> = match picture {
            Picture::Document { kind, side } => {
                vec!["documents".into(), kind.name().into(), side.name().into()]
            }
            Picture::Frame { index, .. } => vec!["frames".into(), index.to_string()],
        };
        let path: Vec<&str> = base
            .into_iter()
            .chain(path.iter().map(String::as_str))
            .collect();
        let answer = self.provider.get_file(&path, PICTURE_BYTES_MAX).await;
        let answer = answer.map_err(unanswered_question)?;
        match answer.status {
            404 => Ok(None),
            200 => Ok(Some(answer.into_bytes().into())),
            _ => Err(refused_question(&answer)),
        }
    }
}
