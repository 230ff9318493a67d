/** Samples go side by side as long as they fit in so many pixels; beyond, a picture is too wide to look at. */
export const OVERVIEW_WIDTH = 2000;
