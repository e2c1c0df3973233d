//! What happens outside because a scenario says so.

use super::{Played, Stage};
use proof_core::{
    Network, Timestamp,
    scenario::{Deed, Moment},
};
use proof_outbound::Configured;
use serde_json::{Value, json};

impl Stage<'_> {
    pub(super) async fn deed(&mut self, deed: Deed) -> Played<()> {
        match deed {
            Deed::Cancel => self.post("cancel", json!({})).await.map(drop),
            Deed::Approve => self.bank_page(true).await,
            Deed::Reject => self.bank_page(false).await,
            Deed::Leave => {
                self.has_left = true;
                Ok(())
            }
            Deed::Sell => self.sell().await,
            Deed::Return => self.take_back().await,
            Deed::Send(amount) => {
                self.send(self.asset.network(), self.asset.ticker(), amount)
                    .await
            }
            Deed::SendNative(amount) => {
                let network = self.asset.network();
                self.send(network, network.native().ticker(), amount).await
            }
            Deed::SendElsewhere(amount) => {
                let other = match self.asset.network() {
                    Network::Erc20 => Network::Bep20,
                    _ => Network::Erc20,
                };
                self.send(other, self.asset.ticker(), amount).await
            }
            Deed::LeaveOut => {
                let hash = self.sent()?;
                self.chain(&["reorgs"], json!({ "hash": hash })).await
            }
            Deed::MineAgain => {
                let hash = self.sent()?;
                self.chain(&["transfers", &hash, "mine"], json!({})).await
            }
            Deed::Delay(seconds) => {
                let hash = self.view["transfer"]["hash"].as_str();
                let hash = hash.ok_or("there is no delivery yet")?.to_owned();
                let body = json!({ "seconds": seconds });
                self.chain(&["transfers", &hash, "later"], body).await
            }
            Deed::Dispute => self.dispute(false).await,
            Deed::Inquire => self.dispute(true).await,
            Deed::Escalate => self.bank("escalate").await,
            Deed::Win => self.bank("win").await,
            Deed::Lose => self.bank("lose").await,
            Deed::Close => self.bank("close").await,
            Deed::SendBack => self.send_back().await,
            Deed::WebhookDown(seconds) => {
                self.player.engine.play_webhook_down(self.order, seconds);
                Ok(())
            }
            Deed::Pass(moment) => self.pass(moment).await,
        }
    }

    /// Somebody outside is called: the processor's public pages, a wallet, a chain.
    pub(super) async fn outside(
        &self,
        door: &Configured,
        path: &[&str],
        body: &Value,
    ) -> Played<Value> {
        let answer = door.post(path, body).await;
        let answer = answer.map_err(|error| error.to_string())?;
        let read = answer.json::<Value>().unwrap_or(Value::Null);
        if answer.is_success() {
            return Ok(read);
        }
        let message = read["message"].as_str().unwrap_or_default();
        Err(format!("{}: {message}", path.join("/")))
    }

    async fn chain(&self, path: &[&str], body: Value) -> Played<()> {
        let network = self.asset.network();
        let path = [&["chains", "v1", network.name()], path].concat();
        self.outside(&self.player.world, &path, &body)
            .await
            .map(drop)
    }

    /// What the user presses on the bank's page.
    async fn bank_page(&self, approve: bool) -> Played<()> {
        let url = self.view["payment"]["three_ds_url"].as_str();
        let id = url.and_then(|url| url.rsplit('/').next());
        let id = id.ok_or("there is no page of a bank")?;
        let body = json!({ "approve": approve });
        self.outside(&self.player.cards, &["three-ds", id], &body)
            .await
            .map(drop)
    }

    async fn send(&mut self, network: Network, ticker: &str, amount: &str) -> Played<()> {
        let address = &self.view["sale"]["deposit_address"];
        let body = json!({ "address": address, "currency": ticker, "amount": amount });
        let path = ["wallet", "v1", network.name(), "transfers"];
        let sent = self.outside(&self.player.world, &path, &body).await?;
        self.sent = sent["hash"].as_str().map(str::to_owned);
        Ok(())
    }

    fn sent(&self) -> Played<String> {
        self.sent
            .clone()
            .ok_or_else(|| "nothing was sent".to_owned())
    }

    async fn sell(&self) -> Played<()> {
        let view = self.post("quote", json!({})).await?;
        let body = json!({ "choice": "payout", "quote_id": view["quote"]["id"] });
        self.post("sale/choice", body).await.map(drop)
    }

    /// The crypto comes back: that of the order, or what came beside it.
    async fn take_back(&self) -> Played<()> {
        let body = json!({ "choice": "return" });
        let case = &self.view["sale"]["cases"][0];
        if case["state"] == "choose" {
            let id = case["id"].as_str().unwrap_or_default();
            return self
                .post(&format!("cases/{id}/choice"), body)
                .await
                .map(drop);
        }
        self.post("sale/choice", body).await.map(drop)
    }

    /// The cardholder goes to the bank.
    async fn dispute(&mut self, inquiry: bool) -> Played<()> {
        let payment = self.order.uuid().simple().to_string();
        let path = ["bank", "v1", "payments", &payment, "disputes"];
        let body = json!({ "inquiry": inquiry });
        let made = self.outside(&self.player.cards, &path, &body).await?;
        self.dispute = made["id"].as_str().map(str::to_owned);
        Ok(())
    }

    async fn bank(&self, step: &str) -> Played<()> {
        let dispute = self.dispute.as_deref().ok_or("nothing is disputed")?;
        let path = ["bank", "v1", "disputes", dispute];
        let body = json!({ "step": step });
        self.outside(&self.player.cards, &path, &body)
            .await
            .map(drop)
    }

    /// The bank of the payout's card.
    async fn send_back(&self) -> Played<()> {
        let payout = self.order.uuid().simple().to_string();
        let path = ["bank", "v1", "payouts", &payout, "bounce"];
        self.outside(&self.player.cards, &path, &json!({}))
            .await
            .map(drop)
    }

    async fn pass(&self, moment: Moment) -> Played<()> {
        let now = self.player.engine.now();
        let until = match moment {
            Moment::Seconds(seconds) => now.plus_seconds(seconds),
            Moment::PayUntil => self.moment("/pay_until")?,
            Moment::DepositUntil => self.moment("/sale/deposit_until")?,
            Moment::CaseChooseUntil => self.moment("/sale/cases/0/choose_until")?,
            Moment::PriceHeld => {
                let held = self.view["sale"]["price_held"].as_str();
                let held = held.and_then(|held| held.parse().ok());
                now.plus_seconds(held.ok_or("the price has no end")?)
            }
        };
        self.advance(now, until).await
    }

    /// A moment later, since an end is not over at its very moment.
    async fn advance(&self, now: Timestamp, until: Timestamp) -> Played<()> {
        let seconds = until.seconds() - now.seconds() + 1;
        if seconds < 1 {
            return Ok(());
        }
        let moved = self
            .player
            .engine
            .clock_advance(self.author(), seconds)
            .await;
        moved.map(drop).map_err(|error| error.message)
    }
}
