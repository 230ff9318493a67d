import { computed, signal } from "@preact/signals";

/** What the user chose; "system" follows the machine. */
export type ThemeChoice = "system" | "light" | "dark";

const KEY = "headscope-theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const systemDark = signal(system.matches);
system.addEventListener("change", ({ matches }) => {
	systemDark.value = matches;
});

export const theme = signal<ThemeChoice>((localStorage.getItem(KEY) as ThemeChoice | null) ?? "system");
export const isDark = computed(() => (theme.value === "system" ? systemDark.value : theme.value === "dark"));

export function chooseTheme(choice: ThemeChoice): void {
	theme.value = choice;
	if (choice === "system") localStorage.removeItem(KEY);
	else localStorage.setItem(KEY, choice);
}
