import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

const said = ({ id, nodes }: { id: string; nodes: { html: string }[] }): string => `${id}: ${nodes.map(({ html }) => html).join(" ")}`;

/** A page that is all ours, with no frame to go into, and not half way between the colours of something that arrives. */
export async function clean(page: Page, rules?: string): Promise<void> {
  const moving = (): Promise<number> =>
    page.evaluate(() => document.getAnimations().filter(({ playState, effect }) => playState === "running" && effect?.getComputedTiming().endTime !== Infinity).length);
  await expect.poll(moving).toBe(0);
  const axe = new AxeBuilder({ page }).setLegacyMode();
  const { violations } = await (rules ? axe.withRules(rules) : axe).analyze();
  expect(violations.map(said), page.url()).toEqual([]);
}

/** Of the widget: where it is embedded, the shop's page around it is not ours, and neither are the card fields. */
export async function withoutFault(page: Page, where: "embedded" | "alone"): Promise<void> {
  const axe = new AxeBuilder({ page });
  // Only the other mode looks into frames of other origins.
  if (where === "embedded") axe.include(["#widget iframe", "main"]).exclude(["#widget iframe", ".field-box iframe"]);
  else axe.setLegacyMode();
  let found: Awaited<ReturnType<AxeBuilder["analyze"]>>["violations"] = [];
  // A frame that does not take the script within a second is passed over in silence: whoever was not looked at is looked at again.
  const look = async (): Promise<number> => {
    const { violations, passes } = await axe.analyze();
    found = violations;
    return passes.length;
  };
  await expect.poll(look).toBeGreaterThan(10);
  expect(found.map(said)).toEqual([]);
}
