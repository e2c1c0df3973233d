//! What does not agree between the books and the world, and the comparison that finds it.

use crate::{
    asset::{Asset, Fiat},
    id::OrderId,
    ledger::Unit,
};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum FindingKind {
    /// The provider moved money that the books do not know.
    NotInBooks,
    /// The books know of money that the provider did not move.
    NotReported,
    /// Both know of it, with different amounts.
    AmountDiffers,
    /// The provider's report has a line that is not about any order of ours.
    StrangersReference,
    /// Coins came to the hot wallet that belong to no order.
    Unmatched,
    /// The hot wallet does not hold what the books say.
    WalletDiffers,
    /// A deposit address holds less than the books say.
    DepositDiffers,
    /// The books do not agree with themselves.
    BooksDiffer,
}

impl FindingKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotInBooks => "not_in_books",
            Self::NotReported => "not_reported",
            Self::AmountDiffers => "amount_differs",
            Self::StrangersReference => "strangers_reference",
            Self::Unmatched => "unmatched",
            Self::WalletDiffers => "wallet_differs",
            Self::DepositDiffers => "deposit_differs",
            Self::BooksDiffer => "books_differ",
        }
    }
}

/// One thing that does not agree. The same thing has the same kind and subject at every look.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    pub kind: FindingKind,
    /// What it is about: `ord_… capture`, an account, a reference.
    pub subject: String,
    /// In words, with both sides.
    pub cause: String,
}

/// What a provider can move for an order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Movement {
    Capture,
    Refund,
    /// Withheld because of a dispute.
    Dispute,
    DisputeFee,
    /// Given back to us.
    DisputeWon,
    PayOut,
    /// A payout that was sent, and came back.
    PayOutBounced,
}

impl Movement {
    pub const ALL: [Self; 7] = [
        Self::Capture,
        Self::Refund,
        Self::Dispute,
        Self::DisputeFee,
        Self::DisputeWon,
        Self::PayOut,
        Self::PayOutBounced,
    ];

    /// Also the name of the entry that books it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::Refund => "refund",
            Self::Dispute => "dispute",
            Self::DisputeFee => "dispute_fee",
            Self::DisputeWon => "dispute_won",
            Self::PayOut => "pay_out",
            Self::PayOutBounced => "pay_out_bounced",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == text)
    }
}

/// Minor units for each movement of one order.
pub type Moved = BTreeMap<(Movement, Fiat), u128>;

/// Where an order's books and a provider's report differ.
pub fn compare(order: OrderId, booked: &Moved, reported: &Moved) -> Vec<Finding> {
    let keys: BTreeSet<_> = booked.keys().chain(reported.keys()).collect();
    let differs = |(movement, fiat): &(Movement, Fiat)| {
        let of = |side: &Moved| side.get(&(*movement, *fiat)).copied().unwrap_or(0);
        let (booked, reported) = (of(booked), of(reported));
        let kind = match (booked, reported) {
            (ours, theirs) if ours == theirs => return None,
            (0, _) => FindingKind::NotInBooks,
            (_, 0) => FindingKind::NotReported,
            (_, _) => FindingKind::AmountDiffers,
        };
        Some(Finding {
            kind,
            subject: format!("{order} {} {fiat}", movement.name()),
            cause: format!(
                "the books have {booked} and the provider reports {reported} minor units of {fiat}"
            ),
        })
    };
    keys.into_iter().filter_map(differs).collect()
}

/// What the books say that the hot wallet holds of an asset, in base units.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WalletBooks {
    pub free: i128,
    pub reserved: i128,
    /// Signed: there until the chain takes it.
    pub in_transit: i128,
    /// Came from nobody that we know, and is not final yet.
    pub unmatched: i128,
}

/// Coins in transit may still be there or may have left; those that are not final may be there or not.
pub fn compare_wallet(asset: Asset, books: WalletBooks, on_chain: u128) -> Option<Finding> {
    let unit = Unit::Crypto(asset);
    let least = books.free.checked_add(books.reserved);
    let most = least.and_then(|least| least.checked_add(books.in_transit));
    let most = most.and_then(|most| most.checked_add(books.unmatched));
    let there = i128::try_from(on_chain).ok();
    let agrees = match (least, most, there) {
        (Some(least), Some(most), Some(there)) => least <= there && there <= most,
        _ => false,
    };
    (!agrees).then(|| Finding {
        kind: FindingKind::WalletDiffers,
        subject: format!("wallet:{unit}"),
        cause: format!(
            "the chain has {on_chain} base units of {unit}; the books have {} free, {} reserved, {} in transit and {} that nobody expects",
            books.free, books.reserved, books.in_transit, books.unmatched
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Network;
    use uuid::Uuid;

    fn moved(entries: &[(Movement, u128)]) -> Moved {
        let entries = entries.iter();
        entries
            .map(|(kind, minor)| ((*kind, Fiat::Eur), *minor))
            .collect()
    }

    #[test]
    fn each_difference_is_one_finding() {
        use Movement::{Capture, PayOut, Refund};
        let order = OrderId::from_uuid(Uuid::from_u128(1));
        let kinds = |booked: &[_], reported: &[_]| -> Vec<FindingKind> {
            let found = compare(order, &moved(booked), &moved(reported));
            found.into_iter().map(|f| f.kind).collect()
        };
        assert_eq!(kinds(&[(Capture, 5)], &[(Capture, 5)]), []);
        assert_eq!(kinds(&[], &[(Capture, 5)]), [FindingKind::NotInBooks]);
        assert_eq!(kinds(&[(PayOut, 5)], &[]), [FindingKind::NotReported]);
        assert_eq!(
            kinds(&[(Capture, 5), (Refund, 5)], &[(Capture, 5), (Refund, 4)]),
            [FindingKind::AmountDiffers]
        );
        let found = compare(order, &moved(&[(Capture, 5)]), &moved(&[(Capture, 7)]));
        assert!(found[0].cause.contains('5') && found[0].cause.contains('7'));
    }

    #[test]
    fn a_wallet_may_lack_what_is_in_transit_and_have_what_is_not_final() {
        let usdt = Asset::find("USDT", Network::Trc20).unwrap();
        let books = WalletBooks {
            free: 70,
            reserved: 20,
            in_transit: 10,
            unmatched: 5,
        };
        for (on_chain, agrees) in [
            (89, false),
            (90, true),
            (95, true),
            (105, true),
            (106, false),
        ] {
            let found = compare_wallet(usdt, books, on_chain);
            assert_eq!(found.is_none(), agrees, "{on_chain}");
        }
    }
}
