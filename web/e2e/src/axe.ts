import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

/** Of the widget: where it is embedded, the shop's page around it is not ours, and neither are the card fields. */
export async function withoutFault(page: Page, where: "embedded" | "alone"): Promise<void> {
  const axe = new AxeBuilder({ page });
  // Only the other mode looks into frames of other origins.
  const { violations, passes } = await (where === "embedded" ? axe.include(["#widget iframe", "main"]).exclude(["#widget iframe", ".field-box iframe"]) : axe.setLegacyMode()).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
  expect(passes.length).toBeGreaterThan(10);
}
