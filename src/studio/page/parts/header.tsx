import type { JSX } from "preact";
import { chooseTheme, isDark } from "../draw/theme.js";
import { useStudio } from "../studio.js";
import { VIEWS } from "../views/registry.js";
import { HelpButton } from "./tour/help-button.js";

/** The page's head: the model, the views, undo and redo, light and dark. */
export function Header(): JSX.Element {
	const studio = useStudio();
	const { history, scene, greeting, loading, busy } = studio;
	return (
		<header>
			<h1>
				<img src="./icon.svg" alt="" width="20" height="20" /> headscope
			</h1>
			<ModelChoice />
			<nav aria-label="Views">
				{VIEWS.map(({ id, title, doc, key }) => (
					<button
						type="button"
						key={id}
						title={`${doc} (key ${key})`}
						aria-current={scene.value.view === id ? "page" : undefined}
						onClick={() => studio.show({ view: id })}
					>
						{title}
					</button>
				))}
			</nav>
			<div class="tools">
				<span class="quiet" role="status">
					{loading.value ? "" : busy.value ? "computing" : (greeting.value?.engine ?? "starting")}
				</span>
				<button
					type="button"
					disabled={!history.canUndo.value}
					onClick={() => history.undo()}
					title="Undo (Ctrl+Z)"
				>
					Undo
				</button>
				<button
					type="button"
					disabled={!history.canRedo.value}
					onClick={() => history.redo()}
					title="Redo (Ctrl+Shift+Z)"
				>
					Redo
				</button>
				<button type="button" onClick={() => chooseTheme(isDark.value ? "light" : "dark")}>
					{isDark.value ? "Light" : "Dark"}
				</button>
				<HelpButton />
			</div>
		</header>
	);
}

function ModelChoice(): JSX.Element {
	const studio = useStudio();
	const { greeting, scene } = studio;
	const { models = [] } = greeting.value ?? {};
	const { model } = scene.value;
	const all = models.includes(model) ? models : [model, ...models];
	return (
		<label>
			Model{" "}
			<select
				value={model}
				onChange={(event) => studio.edit({ model: event.currentTarget.value, head: "" }, "model")}
			>
				{all.map((name) => (
					<option key={name} value={name}>
						{name}
					</option>
				))}
			</select>
		</label>
	);
}
