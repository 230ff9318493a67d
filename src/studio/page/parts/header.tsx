import type { JSX } from "preact";
import { chooseTheme, isDark } from "../draw/theme.js";
import { useStudio } from "../studio.js";
import { VIEWS } from "../views/registry.js";
import { ModelChoice } from "./model-choice.js";
import { ShareMenu } from "./share/share-menu.js";
import { HelpButton } from "./tour/help-button.js";

/** The page's head: the model, the views, undo and redo, light and dark. */
export function Header(): JSX.Element {
	const studio = useStudio();
	const { history, scene, greeting, loading, slow } = studio;
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
					{loading.value ? "" : slow.value ? "computing" : (greeting.value?.engine ?? "starting")}
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
				<EngineChoice />
				<ShareMenu />
				<button type="button" onClick={() => chooseTheme(isDark.value ? "light" : "dark")}>
					{isDark.value ? "Light" : "Dark"}
				</button>
				<HelpButton />
			</div>
		</header>
	);
}

/** Goes to the graphics card and back, where the browser offers one; that begins the page anew, as the address has it. */
function EngineChoice(): JSX.Element | null {
	const { greeting } = useStudio();
	if (!("gpu" in navigator) || greeting.value?.files !== true) return null;
	const address = new URL(location.href);
	const onGpu = address.searchParams.get("engine") === "webgpu";
	return (
		<button
			type="button"
			onClick={() => {
				const next = new URL(location.href);
				if (onGpu) next.searchParams.delete("engine");
				else next.searchParams.set("engine", "webgpu");
				location.assign(next);
			}}
		>
			{onGpu ? "Use WASM" : "Use WebGPU"}
		</button>
	);
}
