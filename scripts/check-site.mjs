// Checks a built site: every link and picture leads to a file of the site, and every anchor to an element of it.
//
//   node scripts/check-site.mjs dist-docs

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** @returns a line for each link that leads nowhere, and how many were followed */
export function brokenLinks(folder) {
	const pages = readdirSync(folder, { recursive: true })
		.filter((name) => name.endsWith(".html"))
		.map((name) => join(folder, name));
	const known = new Map();
	const anchors = (file) => {
		if (!known.has(file)) known.set(file, anchorsOf(readFileSync(file, "utf8")));
		return known.get(file);
	};
	const broken = [];
	let followed = 0;
	for (const page of pages) {
		for (const [, target] of readFileSync(page, "utf8").matchAll(/<[^>]+?\s(?:href|src)="([^"]*)"/g)) {
			if (/^[a-z]+:|^\/\//i.test(target)) continue;
			followed++;
			const [path, anchor] = decoded(target).split("#");
			const file = path === "" ? page : join(dirname(page), path.replace(/\?.*/, ""));
			const fault = !existsSync(file)
				? "no such file"
				: anchor && statSync(file).isFile() && file.endsWith(".html") && !anchors(file).has(anchor)
					? "no such anchor"
					: undefined;
			if (fault) broken.push(`${relative(folder, page)}: ${target}: ${fault}`);
		}
	}
	return { broken: [...new Set(broken)], followed, pages: pages.length };
}

function anchorsOf(html) {
	return new Set([...html.matchAll(/\s(?:id|name)="([^"]*)"/g)].map(([, id]) => decoded(id)));
}

function decoded(text) {
	return decodeURIComponent(text.replaceAll("&amp;", "&").replaceAll("&quot;", '"').replaceAll("&#39;", "'"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const { broken, followed, pages } = brokenLinks(process.argv[2] ?? "dist-docs");
	for (const line of broken) console.error(line);
	console.log(`site: ${pages} pages, ${followed} links followed, ${broken.length} broken`);
	process.exitCode = broken.length > 0 || pages === 0 ? 1 : 0;
}
