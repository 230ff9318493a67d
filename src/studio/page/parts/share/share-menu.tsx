import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { useStudio } from "../../studio.js";
import { copyText } from "./copy-text.js";
import { Menu } from "./menu.js";

/** Longer addresses are cut by some programs that links go through. */
const LONG_ADDRESS = 8000;

/** Hands on what is shown: its address, or an experiment file, which can be opened again. */
export function ShareMenu(): JSX.Element {
	const studio = useStudio();
	const input = useRef<HTMLInputElement>(null);
	const files = (): Promise<typeof import("./experiment-files.js")> => import("./experiment-files.js");
	const save = async (format: "yaml" | "json"): Promise<string> =>
		(await files()).saveExperiment(studio, format);
	return (
		<>
			<Menu
				label="Share"
				about="Share"
				items={[
					{ label: "Copy the address", run: copyAddress },
					{ label: "Save as an experiment (YAML)", run: () => save("yaml") },
					{ label: "Save as an experiment (JSON)", run: () => save("json") },
					{ label: "Open an experiment ...", run: () => input.current?.click() },
				]}
			/>
			<input
				type="file"
				class="unseen"
				hidden
				ref={input}
				accept=".yaml,.yml,.json"
				aria-label="Experiment file"
				onChange={async ({ currentTarget }) => {
					const [file] = currentTarget.files ?? [];
					if (file) await (await files()).openExperiment(studio, file);
					currentTarget.value = "";
				}}
			/>
		</>
	);
}

async function copyAddress(): Promise<string> {
	const { href } = location;
	if (!(await copyText(href))) return "The browser does not let this page copy; the address bar has it.";
	return href.length > LONG_ADDRESS
		? `Copied. It has ${href.length} letters, which some programs cut; an experiment file is safer.`
		: "Copied.";
}
