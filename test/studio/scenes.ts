import type { Page } from "playwright-core";
import { settled } from "./open-studio.js";

const PROMPT = "red fox moon bread king red fox moon bread";
const CORRUPT = "red fox moon king bread red fox moon bread";
const changes = [{ on: true, data: { kind: "zero", heads: ["0.1"] } }];

/** A view with everything in it that it can show. */
export interface FullView {
	/** What its address holds. */
	readonly scene: Readonly<Record<string, unknown>>;
	/** Does what is to be done, and waits until all is there. */
	fill(page: Page): Promise<unknown>;
}

const swept = (page: Page): Promise<void> =>
	page.locator(".sweep-status [role=status]").filter({ hasText: "follows the text" }).waitFor();
const hasMenu = (page: Page, name: string): Promise<void> =>
	page
		.getByRole("button", { name: `Export ${name}` })
		.first()
		.waitFor();

/** Every view by name, filled. */
export const FULL_VIEWS: Readonly<Record<string, FullView>> = {
	heads: {
		scene: { changes, pins: ["0.1"] },
		fill: async (page) => {
			await settled(page);
			for (const name of ["phase-demo", "ranking-", "outcome"]) await hasMenu(page, name);
			await page.locator('.outcome [data-measuring="no"]').waitFor();
		},
	},
	"ablation sweep": { scene: { view: "sweeps", changes, views: { sweeps: { live: true } } }, fill: swept },
	"patching sweep": {
		scene: { view: "sweeps", prompts: [PROMPT, CORRUPT], views: { sweeps: { sweep: "patch", live: true } } },
		fill: swept,
	},
	"logit lens": {
		scene: { view: "lens", changes },
		fill: (page) => hasMenu(page, "logit-lens-changed"),
	},
	attribution: {
		scene: { view: "lens", changes, views: { lens: { reading: "attribution", wrong: "red" } } },
		fill: (page) => hasMenu(page, "attribution-neurons-changed"),
	},
	regression: {
		scene: { view: "regression", views: { regression: { changes: { "0.1": "uniform" } } } },
		fill: async (page) => {
			for (const name of ["metrics-", "activation-"]) await hasMenu(page, name);
		},
	},
	train: {
		scene: { view: "train", views: { train: { steps: 10, batch: 4 } } },
		fill: async (page) => {
			await page.getByRole("button", { name: "Start", exact: true }).click();
			await page.getByText("Done", { exact: true }).waitFor({ timeout: 60_000 });
		},
	},
};
