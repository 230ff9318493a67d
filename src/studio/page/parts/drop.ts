import type { Studio } from "../studio.js";
import { experimentDrop } from "./share/experiment-drop.js";

/** What somebody may drop on the page: files that one handler knows by their names. */
export interface DropHandler {
	accepts(files: readonly File[]): boolean;
	take(studio: Studio, files: readonly File[]): void;
}

/** A model's files: one .gguf, or a folder's config.json with its weights. */
const model: DropHandler = {
	accepts: (files) => files.some(({ name }) => /\.(gguf|safetensors)$/.test(name) || name === "config.json"),
	take: (studio, files) => studio.openFiles(files),
};

/** Every handler; the first that accepts the files takes them. */
export const DROP_HANDLERS: readonly DropHandler[] = [model, experimentDrop];

/** Listens for files that are dropped anywhere on the page. @returns how to stop */
export function listenToDrops(studio: Studio): () => void {
	const over = (event: DragEvent): void => {
		if (!event.dataTransfer?.types.includes("Files")) return;
		event.preventDefault();
		document.body.dataset.dropping = "";
	};
	const leave = (): void => void delete document.body.dataset.dropping;
	const drop = (event: DragEvent): void => {
		leave();
		const items = [...(event.dataTransfer?.items ?? [])].filter(({ kind }) => kind === "file");
		if (items.length === 0) return;
		event.preventDefault();
		void filesOf(items).then((files) => takeFiles(studio, files));
	};
	const listeners = { dragover: over, dragleave: leave, drop } as const;
	for (const [type, listener] of Object.entries(listeners))
		document.addEventListener(type, listener as EventListener);
	return () => {
		for (const [type, listener] of Object.entries(listeners))
			document.removeEventListener(type, listener as EventListener);
	};
}

/** Hands files to who knows them. */
export function takeFiles(studio: Studio, files: readonly File[]): void {
	const handler = DROP_HANDLERS.find((one) => one.accepts(files));
	if (handler) handler.take(studio, files);
	else {
		const names = files.map(({ name }) => name).join(", ");
		studio.problem.value = `${names}: not a file for this page; allowed are a .gguf, the files of a model folder (config.json, tokenizer.json, *.safetensors), and an experiment (.yaml, .json)`;
	}
}

/** The files of a drop; of folders, the files inside. */
async function filesOf(items: readonly DataTransferItem[]): Promise<File[]> {
	// entries must be taken before the event is over
	const entries = items.map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
	const files = await Promise.all(entries.map((entry) => (entry instanceof File ? [entry] : inside(entry))));
	return files.flat();
}

async function inside(entry: FileSystemEntry | null): Promise<File[]> {
	if (!entry) return [];
	if (entry.isFile) {
		return [
			await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)),
		];
	}
	const reader = (entry as FileSystemDirectoryEntry).createReader();
	const found: File[] = [];
	for (;;) {
		const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
			reader.readEntries(resolve, reject),
		);
		if (some.length === 0) return found;
		for (const one of some) if (one.isFile) found.push(...(await inside(one)));
	}
}
