// before all else: the engine starts when its module is looked at
import "./engine.js";
import { effect } from "@preact/signals";
import { render } from "preact";
import { App } from "./app.js";
import { engine } from "./engine.js";
import { fromAddress, toAddress } from "./scene/address.js";
import { Studio } from "./studio.js";
import "./style.css";

async function main(): Promise<void> {
	const connection = await engine.connection;
	if (!connection) return;
	const { scene, problems } = fromAddress(location.hash);
	const studio: Studio = new Studio(connection, scene);
	engine.onReached = (reached) => {
		studio.reached.value = reached;
	};
	studio.notices.value = problems;
	render(<App studio={studio} />, document.getElementById("app") as HTMLElement);
	await studio.start();
	// the address follows the scene, without a step in the browser's own history for each
	effect(() => {
		const address = toAddress(studio.scene.value);
		history.replaceState(null, "", address || location.pathname + location.search);
	});
	addEventListener("hashchange", () => {
		const read = fromAddress(location.hash);
		studio.edit(read.scene, "address");
		studio.notices.value = read.problems;
	});
}

void main();
