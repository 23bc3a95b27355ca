/** Our own colours on Fluent's themes; every pair of text and background stays above 4.5 to 1. */
import {
  type BrandVariants,
  createDarkTheme,
  createLightTheme,
  type Theme,
} from "@fluentui/react-components";

const teal: BrandVariants = {
  10: "#001416",
  20: "#032326",
  30: "#053134",
  40: "#074044",
  50: "#094e52",
  60: "#0b5b60",
  70: "#0d676c",
  80: "#0f7377",
  90: "#2b868a",
  100: "#479a9d",
  110: "#62acaf",
  120: "#7dbfc1",
  130: "#98d0d2",
  140: "#b3dfe1",
  150: "#cdecee",
  160: "#e8f7f8",
};

const FONTS =
  'ui-sans-serif, system-ui, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';

export const light: Theme = {
  ...createLightTheme(teal),
  fontFamilyBase: FONTS,
  // Fluent's own placeholder and border greys are too pale to be read or seen by everybody.
  colorNeutralForeground4: "#616161",
  colorNeutralStroke1: "#8a8a8a",
};

const standardDark = createDarkTheme(teal);
export const dark: Theme = {
  ...standardDark,
  fontFamilyBase: FONTS,
  colorBrandForeground1: teal[120],
  colorBrandForeground2: teal[130],
  colorBrandForegroundLink: teal[120],
  colorBrandForegroundLinkHover: teal[130],
  colorNeutralForeground4: "#b5b5b5",
  colorNeutralStroke1: "#8a8a8a",
};
