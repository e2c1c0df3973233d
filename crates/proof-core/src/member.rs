//! The people of the console: those who run the ramp, and partners' own; and what each may do.

use crate::{
    id::{MemberId, PartnerId},
    operator::OperatorName,
    time::Timestamp,
    token::TokenHash,
};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// A session ends after so long without a call, and at the latest after so long.
pub const IDLE_SECONDS: i64 = 30 * 60;
pub const ABSOLUTE_SECONDS: i64 = 12 * 3_600;

/// So long after a sign-in money moves and keys change without another one.
pub const FRESH_SECONDS: i64 = 10 * 60;

/// An invitation is handed over by hand, and taken the same week.
pub const INVITATION_SECONDS: i64 = 7 * 24 * 3_600;

/// Wrong tries in a row before a name has to wait, and for how long. The wait is short: it must not
/// become a way to lock somebody out.
pub const TRIES_MAX: i64 = 5;
pub const WAIT_SECONDS: i64 = 60;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, also who the others are.
    Owner,
    /// Runs the ramp.
    Operator,
    /// Decides about people and what waits for people.
    Reviewer,
    /// Reads, to answer questions.
    Support,
    PartnerAdmin,
    PartnerDeveloper,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "a role is owner, operator, reviewer, support, partner_admin or partner_developer, and partners' roles need a partner"
)]
pub struct NotARole;

/// One kind of action. What reads is told apart from what changes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    OrderRead,
    OrderRule,
    CaseRead,
    CaseRule,
    /// Looks at somebody's pictures, and decides whether it is them.
    IdentityReview,
    PartnerRead,
    PartnerWrite,
    PolicyWrite,
    /// Whom one asks when something is wrong with a partner's integration.
    ContactWrite,
    /// How the widget looks: nothing that money or keys hang on.
    LookWrite,
    TokenWrite,
    WebhookWrite,
    WalletWrite,
    RefusalAcknowledge,
    ChecklistRead,
    ChecklistSignOperator,
    ChecklistSignPartner,
    /// The partner's next calls will fail on purpose: their people decide, and whoever holds their token.
    ChecklistProbe,
    SandboxPlay,
    LedgerRead,
    LedgerWrite,
    StatementRead,
    ListingRead,
    ListingWrite,
    MemberRead,
    MemberWrite,
    AuditRead,
    HealthRead,
    AlertAcknowledge,
}

impl Act {
    pub const ALL: [Self; 29] = [
        Self::OrderRead,
        Self::OrderRule,
        Self::CaseRead,
        Self::CaseRule,
        Self::IdentityReview,
        Self::PartnerRead,
        Self::PartnerWrite,
        Self::PolicyWrite,
        Self::ContactWrite,
        Self::LookWrite,
        Self::TokenWrite,
        Self::WebhookWrite,
        Self::WalletWrite,
        Self::RefusalAcknowledge,
        Self::ChecklistRead,
        Self::ChecklistSignOperator,
        Self::ChecklistSignPartner,
        Self::ChecklistProbe,
        Self::SandboxPlay,
        Self::LedgerRead,
        Self::LedgerWrite,
        Self::StatementRead,
        Self::ListingRead,
        Self::ListingWrite,
        Self::MemberRead,
        Self::MemberWrite,
        Self::AuditRead,
        Self::HealthRead,
        Self::AlertAcknowledge,
    ];

    /// Money moves, a key changes, or what decides about them: the person has to have shown a moment
    /// ago that it is them.
    pub const fn needs_fresh(self) -> bool {
        match self {
            Self::OrderRule
            | Self::CaseRule
            | Self::IdentityReview
            | Self::PartnerWrite
            | Self::PolicyWrite
            | Self::ContactWrite
            | Self::TokenWrite
            | Self::WebhookWrite
            | Self::WalletWrite
            | Self::LedgerWrite
            | Self::ListingWrite
            | Self::MemberWrite => true,
            Self::OrderRead
            | Self::CaseRead
            | Self::PartnerRead
            | Self::LookWrite
            | Self::RefusalAcknowledge
            | Self::ChecklistRead
            | Self::ChecklistSignOperator
            | Self::ChecklistSignPartner
            | Self::ChecklistProbe
            | Self::SandboxPlay
            | Self::LedgerRead
            | Self::StatementRead
            | Self::ListingRead
            | Self::MemberRead
            | Self::AuditRead
            | Self::HealthRead
            | Self::AlertAcknowledge => false,
        }
    }
}

// What each role may do: allow-lists, so that what is not in one is not allowed.
const OWNER: &[Act] = &[
    Act::OrderRead,
    Act::OrderRule,
    Act::CaseRead,
    Act::CaseRule,
    Act::IdentityReview,
    Act::PartnerRead,
    Act::PartnerWrite,
    Act::PolicyWrite,
    Act::ContactWrite,
    Act::LookWrite,
    Act::TokenWrite,
    Act::WebhookWrite,
    Act::WalletWrite,
    Act::RefusalAcknowledge,
    Act::ChecklistRead,
    Act::ChecklistSignOperator,
    Act::SandboxPlay,
    Act::LedgerRead,
    Act::LedgerWrite,
    Act::StatementRead,
    Act::ListingRead,
    Act::ListingWrite,
    Act::MemberRead,
    Act::MemberWrite,
    Act::AuditRead,
    Act::HealthRead,
    Act::AlertAcknowledge,
];
const OPERATOR: &[Act] = &[
    Act::OrderRead,
    Act::OrderRule,
    Act::CaseRead,
    Act::CaseRule,
    Act::IdentityReview,
    Act::PartnerRead,
    Act::PartnerWrite,
    Act::PolicyWrite,
    Act::ContactWrite,
    Act::LookWrite,
    Act::TokenWrite,
    Act::WebhookWrite,
    Act::WalletWrite,
    Act::RefusalAcknowledge,
    Act::ChecklistRead,
    Act::ChecklistSignOperator,
    Act::SandboxPlay,
    Act::LedgerRead,
    Act::LedgerWrite,
    Act::StatementRead,
    Act::ListingRead,
    Act::ListingWrite,
    Act::MemberRead,
    Act::AuditRead,
    Act::HealthRead,
    Act::AlertAcknowledge,
];
const REVIEWER: &[Act] = &[
    Act::OrderRead,
    Act::OrderRule,
    Act::CaseRead,
    Act::CaseRule,
    Act::IdentityReview,
    Act::PartnerRead,
    Act::ChecklistRead,
    Act::ListingRead,
];
const SUPPORT: &[Act] = &[
    Act::OrderRead,
    Act::CaseRead,
    Act::PartnerRead,
    Act::ChecklistRead,
    Act::HealthRead,
];
const PARTNER_ADMIN: &[Act] = &[
    Act::OrderRead,
    Act::PartnerRead,
    Act::ContactWrite,
    Act::LookWrite,
    Act::TokenWrite,
    Act::WebhookWrite,
    Act::WalletWrite,
    Act::RefusalAcknowledge,
    Act::ChecklistRead,
    Act::ChecklistSignPartner,
    Act::ChecklistProbe,
    Act::SandboxPlay,
    Act::StatementRead,
    Act::MemberRead,
    Act::MemberWrite,
];
const PARTNER_DEVELOPER: &[Act] = &[
    Act::OrderRead,
    Act::PartnerRead,
    Act::WebhookWrite,
    Act::RefusalAcknowledge,
    Act::ChecklistRead,
    Act::ChecklistProbe,
    Act::SandboxPlay,
];

impl Role {
    pub const ALL: [Self; 6] = [
        Self::Owner,
        Self::Operator,
        Self::Reviewer,
        Self::Support,
        Self::PartnerAdmin,
        Self::PartnerDeveloper,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Operator => "operator",
            Self::Reviewer => "reviewer",
            Self::Support => "support",
            Self::PartnerAdmin => "partner_admin",
            Self::PartnerDeveloper => "partner_developer",
        }
    }

    /// Whether it is for a partner's own people, who see nothing but their partner.
    pub const fn is_partners(self) -> bool {
        match self {
            Self::PartnerAdmin | Self::PartnerDeveloper => true,
            Self::Owner | Self::Operator | Self::Reviewer | Self::Support => false,
        }
    }

    pub const fn acts(self) -> &'static [Act] {
        match self {
            Self::Owner => OWNER,
            Self::Operator => OPERATOR,
            Self::Reviewer => REVIEWER,
            Self::Support => SUPPORT,
            Self::PartnerAdmin => PARTNER_ADMIN,
            Self::PartnerDeveloper => PARTNER_DEVELOPER,
        }
    }

    pub fn may(self, act: Act) -> bool {
        self.acts().contains(&act)
    }

    /// Whom somebody of this role may invite: a partner's admin only to their own partner.
    pub const fn may_invite(self, other: Self) -> bool {
        match self {
            Self::Owner => true,
            Self::PartnerAdmin => other.is_partners(),
            Self::Operator | Self::Reviewer | Self::Support | Self::PartnerDeveloper => false,
        }
    }
}

impl FromStr for Role {
    type Err = NotARole;

    fn from_str(text: &str) -> Result<Self, NotARole> {
        Self::ALL
            .into_iter()
            .find(|role| role.name() == text)
            .ok_or(NotARole)
    }
}

/// A role, and of partners' people their partner: never one without the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Post {
    role: Role,
    partner: Option<PartnerId>,
}

impl Post {
    pub fn new(role: Role, partner: Option<PartnerId>) -> Result<Self, NotARole> {
        (role.is_partners() == partner.is_some())
            .then_some(Self { role, partner })
            .ok_or(NotARole)
    }

    pub const fn role(self) -> Role {
        self.role
    }

    pub const fn partner(self) -> Option<PartnerId> {
        self.partner
    }
}

#[derive(Clone, Debug)]
pub struct Member {
    pub id: MemberId,
    pub name: OperatorName,
    pub email: String,
    pub post: Post,
    pub is_disabled: bool,
    pub created_at: Timestamp,
    pub signed_in_at: Option<Timestamp>,
}

/// A person who is signed in.
#[derive(Clone, Debug)]
pub struct Login {
    pub token: TokenHash,
    pub member: MemberId,
    pub created_at: Timestamp,
    /// When the person last showed that it is them.
    pub fresh_at: Timestamp,
    pub seen_at: Timestamp,
}

impl Login {
    pub fn ends_at(&self) -> Timestamp {
        let absolute = self.created_at.plus_seconds(ABSOLUTE_SECONDS);
        absolute.min(self.seen_at.plus_seconds(IDLE_SECONDS))
    }

    pub fn is_open(&self, now: Timestamp) -> bool {
        now < self.ends_at()
    }

    pub fn fresh_until(&self) -> Timestamp {
        self.fresh_at.plus_seconds(FRESH_SECONDS)
    }

    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now < self.fresh_until()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn partners_people_have_a_partner_and_nobody_else_has() {
        let partner = PartnerId::from_uuid(Uuid::from_u128(1));
        for role in Role::ALL {
            assert_eq!(Post::new(role, None).is_ok(), !role.is_partners());
            assert_eq!(Post::new(role, Some(partner)).is_ok(), role.is_partners());
            assert_eq!(role.name().parse(), Ok(role));
        }
    }

    /// The whole matrix, so that a change of it is seen by whoever reads the change.
    #[test]
    fn who_may_do_what() {
        let table: [(Act, &str); 29] = [
            (Act::OrderRead, "OoRSad"),
            (Act::OrderRule, "OoR---"),
            (Act::CaseRead, "OoRS--"),
            (Act::CaseRule, "OoR---"),
            (Act::IdentityReview, "OoR---"),
            (Act::PartnerRead, "OoRSad"),
            (Act::PartnerWrite, "Oo----"),
            (Act::PolicyWrite, "Oo----"),
            (Act::ContactWrite, "Oo--a-"),
            (Act::LookWrite, "Oo--a-"),
            (Act::TokenWrite, "Oo--a-"),
            (Act::WebhookWrite, "Oo--ad"),
            (Act::WalletWrite, "Oo--a-"),
            (Act::RefusalAcknowledge, "Oo--ad"),
            (Act::ChecklistRead, "OoRSad"),
            (Act::ChecklistSignOperator, "Oo----"),
            (Act::ChecklistSignPartner, "----a-"),
            (Act::ChecklistProbe, "----ad"),
            (Act::SandboxPlay, "Oo--ad"),
            (Act::LedgerRead, "Oo----"),
            (Act::LedgerWrite, "Oo----"),
            (Act::StatementRead, "Oo--a-"),
            (Act::ListingRead, "OoR---"),
            (Act::ListingWrite, "Oo----"),
            (Act::MemberRead, "Oo--a-"),
            (Act::MemberWrite, "O---a-"),
            (Act::AuditRead, "Oo----"),
            (Act::HealthRead, "Oo-S--"),
            (Act::AlertAcknowledge, "Oo----"),
        ];
        for (act, who) in table {
            let may: Vec<bool> = Role::ALL.iter().map(|role| role.may(act)).collect();
            let told: Vec<bool> = who.chars().map(|c| c != '-').collect();
            assert_eq!(may, told, "{act:?}");
        }
        assert_eq!(table.map(|(act, _)| act), Act::ALL);
    }

    #[test]
    fn nobody_invites_above_themselves() {
        for other in Role::ALL {
            assert!(Role::Owner.may_invite(other));
            assert_eq!(Role::PartnerAdmin.may_invite(other), other.is_partners());
            for role in [
                Role::Operator,
                Role::Reviewer,
                Role::Support,
                Role::PartnerDeveloper,
            ] {
                assert!(!role.may_invite(other), "{role:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_login_ends_when_it_is_idle_and_at_the_latest_after_twelve_hours() {
        let at = |seconds| Timestamp::from_micros(0).plus_seconds(seconds);
        let login = |seen| Login {
            token: TokenHash::of("x"),
            member: MemberId::from_uuid(Uuid::nil()),
            created_at: at(0),
            fresh_at: at(0),
            seen_at: at(seen),
        };
        assert!(login(0).is_open(at(IDLE_SECONDS - 1)));
        assert!(!login(0).is_open(at(IDLE_SECONDS)));
        assert!(login(ABSOLUTE_SECONDS - 60).is_open(at(ABSOLUTE_SECONDS - 1)));
        assert!(!login(ABSOLUTE_SECONDS - 60).is_open(at(ABSOLUTE_SECONDS)));
        assert!(
            login(60).is_fresh(at(FRESH_SECONDS - 1)) && !login(60).is_fresh(at(FRESH_SECONDS))
        );
    }
}
