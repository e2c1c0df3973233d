//! The people of the sandbox's console, made at the first start and kept.

use anyhow::Context;
use proof_core::{audit::Author, id::PartnerId, member::Role, secret::Secret};
use proof_engine::{Engine, InvitationNew, SignIn};
use serde::{Deserialize, Serialize};
use std::{fs, io::Write, path::Path, time::Duration};
use totp_rs::{Algorithm, TOTP};

/// Somebody who can sign in at once. Nothing of theirs is secret: the sandbox is on this machine only.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DemoPerson {
    pub name: String,
    pub role: Role,
    pub password: String,
    /// Of the authenticator app; `proof sandbox code` shows its present code.
    pub totp_secret: String,
}

pub const FILE: &str = "dev-people.json";
const PASSWORD: &str = "correct horse battery";

/// Two who run the ramp, since money moves only when two agree, and one of the demo shop's own.
const PEOPLE: [(&str, Role); 3] = [
    ("alice", Role::Owner),
    ("bob", Role::Operator),
    ("carol", Role::PartnerAdmin),
];

/// Enough of those whose names have ours in them.
const NAMES_MAX: i64 = 100;

pub async fn people(
    engine: &Engine,
    data: &Path,
    shop: PartnerId,
) -> anyhow::Result<Vec<DemoPerson>> {
    let path = data.join(FILE);
    let kept: Vec<DemoPerson> = match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).context("unreadable people")?,
        Err(_) => Vec::new(),
    };
    let mut people = Vec::new();
    for (name, role) in PEOPLE {
        let asked = (Some(name.to_owned()), String::new());
        let alike = engine.member_list(None, asked, NAMES_MAX).await?;
        let is_known = alike.data.iter().any(|member| member.name == name);
        match kept.iter().find(|person| person.name == name) {
            Some(person) if is_known => people.push(person.clone()),
            // Somebody else has this name: they know their password.
            None if is_known => {}
            Some(_) | None => people.push(join(engine, name, role, shop).await?),
        }
    }
    keep(&path, &people)?;
    Ok(people)
}

/// Invited and taken, as everybody is.
async fn join(
    engine: &Engine,
    name: &str,
    role: Role,
    shop: PartnerId,
) -> anyhow::Result<DemoPerson> {
    let invitation = InvitationNew {
        email: format!("{name}@example.com"),
        role: role.name().to_owned(),
        partner: role.is_partners().then_some(shop),
    };
    let token = engine.member_invite(Author::machine(), invitation).await?;
    let secret = engine.invitation(token.expose_secret()).await?.secret;
    let take = SignIn {
        name: name.to_owned(),
        password: Secret::new(PASSWORD),
        code: code(&secret, engine.now().seconds())?,
    };
    let from = "command".to_owned();
    engine
        .invitation_take(token.expose_secret(), take, from)
        .await?;
    Ok(DemoPerson {
        name: name.to_owned(),
        role,
        password: PASSWORD.to_owned(),
        totp_secret: secret,
    })
}

/// What the authenticator app shows now.
pub fn code(secret: &str, seconds: i64) -> anyhow::Result<String> {
    let secret = totp_rs::Secret::Encoded(secret.to_owned()).to_bytes();
    let secret = secret.map_err(|error| anyhow::anyhow!("unreadable secret: {error:?}"))?;
    let step = Duration::from_secs(30);
    let totp = TOTP::new(Algorithm::SHA1, 6, 1, step.as_secs(), secret)?;
    Ok(totp.generate(u64::try_from(seconds)?))
}

fn keep(path: &Path, people: &[DemoPerson]) -> anyhow::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = fs::File::options()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .context("cannot keep the console's people")?;
    file.write_all(&serde_json::to_vec_pretty(people)?)?;
    Ok(())
}
