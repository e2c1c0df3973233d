//! Each entry to its last account, and the recomputation that finds what is wrong.

use super::*;
use crate::{
    asset::{Asset, Fiat},
    id::{EntryId, QuoteId},
    network::Network,
    quote::{Line, Quote},
    time::Timestamp,
};
use uuid::Uuid;

fn order() -> OrderId {
    OrderId::from_uuid(Uuid::from_u128(1))
}

fn partner() -> PartnerId {
    PartnerId::from_uuid(Uuid::from_u128(2))
}

fn usdt(base: u128) -> Amount {
    Amount::new(Asset::find("USDT", Network::Trc20).unwrap(), base)
}

fn trx(base: u128) -> Amount {
    Amount::new(Network::Trc20.native(), base)
}

fn eur(minor: u128) -> Money {
    Money::new(Fiat::Eur, minor)
}

fn quote(lines: &[(LineCode, u128)], mid: u128, total: u128) -> Quote {
    let line = |(code, minor): &(LineCode, u128)| Line {
        code: *code,
        amount: eur(*minor),
    };
    Quote {
        id: QuoteId::from_uuid(Uuid::from_u128(3)),
        crypto: usdt(100),
        mid: eur(mid),
        total: eur(total),
        lines: lines.iter().map(line).collect(),
        rate_at: Timestamp::from_micros(0),
        expires_at: Timestamp::from_micros(0),
    }
}

/// What an entry does, by account; the order's and the partner's ids are left out.
fn books(entry: &Entry) -> Vec<(String, i128)> {
    let mut sums: BTreeMap<String, i128> = BTreeMap::new();
    for posting in entry.postings() {
        let key = posting.key();
        let key = key
            .replace(&format!(":{}", order()), "")
            .replace(&format!(":{}", partner()), "");
        *sums.entry(key).or_default() += posting.amount;
    }
    sums.into_iter().collect()
}

#[track_caller]
fn moves(entry: Result<Entry, MoneyError>, name: &str, expected: &[(&str, i128)]) {
    let entry = entry.unwrap();
    assert_eq!(entry.kind().name(), name);
    let expected: BTreeMap<String, i128> = expected
        .iter()
        .map(|(key, amount)| ((*key).to_owned(), *amount))
        .collect();
    assert_eq!(
        books(&entry),
        expected.into_iter().collect::<Vec<_>>(),
        "{name}"
    );
}

#[test]
fn coins_move_between_the_wallets_accounts() {
    let (free, promised) = ("wallet:USDT/TRC20", "reserved:USDT/TRC20");
    moves(
        fund(usdt(7)),
        "fund",
        &[("capital:USDT/TRC20", -7), (free, 7)],
    );
    moves(reserve(usdt(7)), "reserve", &[(free, -7), (promised, 7)]);
    moves(release(usdt(7)), "release", &[(promised, -7), (free, 7)]);
    let sent = [
        (promised, -7),
        ("in_transit:USDT/TRC20", 7),
        ("wallet:TRX/TRC20", -3),
        ("in_transit:TRX/TRC20", 3),
    ];
    moves(send(usdt(7), trx(3)), "send", &sent);
    let back = sent.map(|(key, amount)| (key, -amount));
    moves(take_back(usdt(7), trx(3), trx(0)), "take_back", &back);
}

#[test]
fn deposits_are_ours_and_owed() {
    let (held, owed) = ("deposit:USDT/TRC20", "customer:USDT/TRC20");
    let (kept, lost) = ("suspense:USDT/TRC20", "loss:USDT/TRC20");
    moves(
        deposit(order(), usdt(7)),
        "deposit",
        &[(held, 7), (owed, -7)],
    );
    moves(
        deposit_lost(order(), usdt(7)),
        "deposit_lost",
        &[(held, -7), (owed, 7)],
    );
    moves(
        deposit_gone(order(), usdt(7)),
        "deposit_gone",
        &[(held, -7), (lost, 7)],
    );
    moves(
        deposit_back(order(), usdt(7)),
        "deposit_back",
        &[(held, 7), (lost, -7)],
    );
    moves(
        hand_over(order(), usdt(7)),
        "hand_over",
        &[(held, -7), (owed, 7)],
    );
    moves(
        take_over(order(), usdt(7)),
        "take_over",
        &[(held, 7), (owed, -7)],
    );
    moves(
        dust(order(), usdt(7)),
        "dust",
        &[("dust:USDT/TRC20", -7), (owed, 7)],
    );
    moves(freeze(order(), usdt(7)), "freeze", &[(kept, -7), (owed, 7)]);
    moves(thaw(order(), usdt(7)), "thaw", &[(kept, 7), (owed, -7)]);
    moves(
        write_off(order(), usdt(7)),
        "write_off",
        &[(kept, -7), (owed, 7)],
    );
    let free = "wallet:USDT/TRC20";
    moves(stray(usdt(7)), "stray", &[(free, 7), (kept, -7)]);
    moves(stray_gone(usdt(7)), "stray_gone", &[(free, -7), (kept, 7)]);
    moves(
        stray_owned(usdt(7)),
        "stray_owned",
        &[("capital:USDT/TRC20", -7), (kept, 7)],
    );
    // 5 of the fee were set aside, the network took 3.
    let home = [
        ("in_transit:USDT/TRC20", -7),
        (owed, 7),
        ("in_transit:TRX/TRC20", -5),
        ("gas:TRX/TRC20", 3),
        ("wallet:TRX/TRC20", 2),
    ];
    moves(
        give_back(order(), usdt(7), trx(5), trx(3)),
        "give_back",
        &home,
    );
}

#[test]
fn what_proves_a_network_is_at_the_proofs_address() {
    let held = "deposit:USDT/TRC20";
    moves(
        prove_in(order(), usdt(7)),
        "prove_in",
        &[("capital:USDT/TRC20", -7), (held, 7)],
    );
    let proven = [
        (held, 7),
        ("in_transit:USDT/TRC20", -7),
        ("in_transit:TRX/TRC20", -5),
        ("gas:TRX/TRC20", 3),
        ("wallet:TRX/TRC20", 2),
    ];
    moves(
        prove_out(order(), usdt(7), trx(5), trx(3)),
        "prove_out",
        &proven,
    );
}

#[test]
fn the_cards_money_is_with_the_provider_and_owed() {
    let (held, owed, lost) = ("psp:visa:EUR", "customer:EUR", "loss:EUR");
    let (open, cost) = ("dispute:visa:EUR", "psp_cost:visa:EUR");
    moves(
        capture(order(), "visa", eur(7)),
        "capture",
        &[(held, 7), (owed, -7)],
    );
    moves(
        refund(order(), "visa", eur(7)),
        "refund",
        &[(held, -7), (owed, 7)],
    );
    moves(
        refund_by_bank(order(), eur(7)),
        "refund_by_bank",
        &[("bank:EUR", -7), (owed, 7)],
    );
    moves(dispute("visa", eur(7)), "dispute", &[(held, -7), (open, 7)]);
    moves(
        dispute_fee("visa", eur(7)),
        "dispute_fee",
        &[(held, -7), (cost, 7)],
    );
    moves(
        dispute_won("visa", eur(7)),
        "dispute_won",
        &[(held, 7), (open, -7)],
    );
    let ours = dispute_lost("visa", eur(7), None);
    moves(ours, "dispute_lost", &[(open, -7), (lost, 7)]);
    let theirs = dispute_lost("visa", eur(7), Some(order()));
    moves(theirs, "dispute_lost", &[(open, -7), (owed, 7)]);
    moves(
        concede(order(), eur(7)),
        "concede",
        &[(owed, -7), (lost, 7)],
    );
    moves(
        forfeit(order(), eur(7)),
        "forfeit",
        &[(owed, 7), (lost, -7)],
    );
    moves(
        keep_apart(order(), eur(7)),
        "write_off",
        &[("suspense:EUR", -7), (owed, 7)],
    );
}

#[test]
fn a_sales_price_falls_to_those_it_belongs_to() {
    let lines = [
        (LineCode::Crypto, 93),
        (LineCode::Network, 4),
        (LineCode::Processing, 5),
        (LineCode::Partner, 6),
        (LineCode::Rounding, 1),
    ];
    let bought = quote(&lines, 90, 109);
    let entry = deliver(order(), partner(), &bought, trx(5), trx(3));
    let expected = [
        ("in_transit:USDT/TRC20", -100),
        ("trading:USDT/TRC20", 100),
        ("in_transit:TRX/TRC20", -5),
        ("gas:TRX/TRC20", 3),
        ("wallet:TRX/TRC20", 2),
        ("customer:EUR", 109),
        ("trading:EUR", -90),
        ("spread:EUR", -3),
        ("fee:EUR", -9),
        ("partner_fee:EUR", -6),
        ("rounding:EUR", -1),
    ];
    moves(entry, "deliver", &expected);
    let more = deliver(order(), partner(), &bought, trx(3), trx(5));
    assert_eq!(
        more,
        Err(MoneyError::Negative),
        "no more than was set aside"
    );
    let sold = quote(&lines[..4], 99, 78);
    let entry = pay_out(order(), partner(), "visa", &sold);
    let expected = [
        ("customer:USDT/TRC20", 100),
        ("trading:USDT/TRC20", -100),
        ("payout:visa:EUR", -78),
        ("trading:EUR", 99),
        ("spread:EUR", -6),
        ("fee:EUR", -9),
        ("partner_fee:EUR", -6),
    ];
    moves(entry, "pay_out", &expected);
    let entry = pay_out_bounced(order(), "visa", sold.total);
    let expected = [("customer:EUR", -78), ("payout:visa:EUR", 78)];
    moves(entry, "pay_out_bounced", &expected);
}

#[test]
fn what_does_not_sum_to_zero_in_each_unit_is_no_entry() {
    let unit = Unit::Fiat(Fiat::Eur);
    let posting = |account, unit, amount| Posting {
        account,
        unit,
        amount,
    };
    let uneven = vec![
        posting(Account::Bank, unit, 7),
        posting(Account::Capital, unit, -6),
    ];
    assert_eq!(
        Entry::new(EntryKind::Fund, uneven),
        Err(MoneyError::Mismatch)
    );
    let mixed = vec![
        posting(Account::Bank, unit, 7),
        posting(Account::Capital, Unit::Fiat(Fiat::Usd), -7),
    ];
    assert_eq!(
        Entry::new(EntryKind::Fund, mixed),
        Err(MoneyError::Mismatch)
    );
    let nothing = Entry::new(EntryKind::Fund, vec![posting(Account::Bank, unit, 0)]);
    assert!(nothing.unwrap().postings().is_empty());
    let most = [(unit, i128::MAX), (unit, 1)];
    assert_eq!(balanced(most.into_iter()), Err(MoneyError::Overflow));
    assert_eq!(balanced([(unit, 7), (unit, -7)].into_iter()), Ok(true));
    assert_eq!(fund(usdt(u128::MAX)), Err(MoneyError::Overflow));
}

#[test]
fn another_block_may_cost_more_or_less_than_was_booked() {
    let native = |base| Amount::new(Network::Erc20.native(), base);
    let gas = |booked, fee| {
        let entry = mined_again(native(booked), native(fee)).unwrap()?;
        let of = |account: Account| {
            let mut postings = entry.postings().iter();
            postings.find(|one| one.account == account).unwrap().amount
        };
        Some((of(Account::Gas), of(Account::Wallet)))
    };
    assert_eq!(gas(7, 7), None);
    assert_eq!(gas(7, 9), Some((2, -2)));
    assert_eq!(gas(9, 7), Some((-2, 2)));
    assert_eq!(mined_again(native(7), usdt(7)), Err(MoneyError::Mismatch));
}

#[test]
fn nobody_owes_less_than_nothing() {
    let text = || "visa".to_owned();
    // The account, and whether it may be in debit, in credit.
    for (account, debit, credit) in [
        (Account::Customer(order()), false, true),
        (Account::Deposit(order()), true, false),
        (Account::Dispute(text()), true, false),
        (Account::Wallet, true, false),
        (Account::Reserved, true, false),
        (Account::InTransit, true, false),
        (Account::Psp(text()), true, true),
        (Account::PspCost(text()), true, true),
        (Account::Bank, true, true),
        (Account::Payout(text()), true, true),
        (Account::Capital, true, true),
        (Account::Trading, true, true),
        (Account::Spread, true, true),
        (Account::Fee, true, true),
        (Account::PartnerFee(partner()), true, true),
        (Account::Suspense, true, true),
        (Account::Dust, true, true),
        (Account::Gas, true, true),
        (Account::Loss, true, true),
        (Account::Rounding, true, true),
    ] {
        let may = [1, 0, -1].map(|balance| account.allows(balance));
        assert_eq!(may, [debit, true, credit], "{account}");
    }
}

fn id(n: u128) -> EntryId {
    EntryId::from_uuid(Uuid::from_u128(n))
}

/// Postings of entries that follow each other, and the balances that are kept.
fn audited(postings: &[(u128, &str, i128)], kept: &[(&str, i128)]) -> Audited {
    let mut audit = Audit::default();
    for (entry, account, amount) in postings {
        audit.take(id(*entry), account, *amount).unwrap();
    }
    audit.finish(kept.iter().copied())
}

const GOOD: [(u128, &str, i128); 4] = [
    (1, "wallet:USDT/TRC20", 7),
    (1, "capital:USDT/TRC20", -7),
    (2, "wallet:USDT/TRC20", -3),
    (2, "reserved:USDT/TRC20", 3),
];

#[test]
fn books_that_agree_with_themselves_have_no_mismatch() {
    let kept = [
        ("wallet:USDT/TRC20", 4),
        ("capital:USDT/TRC20", -7),
        ("reserved:USDT/TRC20", 3),
    ];
    let found = audited(&GOOD, &kept);
    assert_eq!((found.entries, found.accounts), (2, 3));
    assert_eq!((found.mismatches, found.mismatches_total), (Vec::new(), 0));
}

#[test]
fn what_is_wrong_is_named() {
    let kept = [("wallet:USDT/TRC20", 5), ("capital:USDT/TRC20", -7)];
    let mut postings = GOOD.to_vec();
    // The last entry lacks its other side, and sums of two units are not added.
    postings.push((3, "fee:EUR", 2));
    postings.push((3, "fee:USD", -2));
    let found = audited(&postings, &kept);
    let told: Vec<String> = found.mismatches.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            format!("entry {} does not balance: 2 base units of EUR", id(3)),
            format!("entry {} does not balance: -2 base units of USD", id(3)),
            "account wallet:USDT/TRC20 says 5, its postings say 4 base units".to_owned(),
            "account fee:EUR says 0, its postings say 2 base units".to_owned(),
            "account fee:USD says 0, its postings say -2 base units".to_owned(),
            "account reserved:USDT/TRC20 says 0, its postings say 3 base units".to_owned(),
        ]
    );
    assert_eq!(found.mismatches_total, 6);
}

#[test]
fn a_hundred_are_named_and_all_are_counted() {
    let postings: Vec<_> = (0..101).map(|n| (n, "fee:EUR", 1)).collect();
    let found = audited(&postings, &[("fee:EUR", 101)]);
    assert_eq!((found.mismatches.len(), found.mismatches_total), (100, 101));
}

#[test]
fn a_sum_that_cannot_be_is_an_error() {
    let mut audit = Audit::default();
    audit.take(id(1), "fee:EUR", i128::MAX).unwrap();
    assert_eq!(audit.take(id(1), "fee:EUR", 1), Err(MoneyError::Overflow));
}
