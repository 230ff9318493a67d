import { effect } from "@preact/signals";
import { render } from "preact";
import { connectWorker } from "../transport/worker.js";
import { App } from "./app.js";
import { isolate } from "./isolate.js";
import { fromAddress, toAddress } from "./scene/address.js";
import { Studio } from "./studio.js";
import "./style.css";

const base = new URL("./", location.href).href.replace(/[?#].*$/, "");

/** The token that a local engine wants: from the address of the first visit, then out of sight. */
function takeToken(): string | undefined {
	const address = new URL(location.href);
	const given = address.searchParams.get("token");
	if (given === null) return sessionStorage.getItem("headscope-token") ?? undefined;
	sessionStorage.setItem("headscope-token", given);
	address.searchParams.delete("token");
	history.replaceState(null, "", address);
	return given;
}

/** `?engine=webgpu` asks for the graphics card. */
function askedProvider(): "wasm" | "webgpu" {
	return new URL(location.href).searchParams.get("engine") === "webgpu" ? "webgpu" : "wasm";
}

async function main(): Promise<void> {
	if (!(await isolate(base))) return;
	const token = takeToken();
	const { scene, problems } = fromAddress(location.hash);
	const connection = token
		? (await import("../transport/socket.js")).connectSocket(
				`${base.replace(/^http/, "ws")}socket?token=${token}`,
				(reached) => {
					studio.reached.value = reached;
				},
			)
		: connectWorker(base, askedProvider());
	const studio: Studio = new Studio(connection, scene);
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
