/** Which picture files may be a logo. */
import type { MessageKey } from "../../messages/language.ts";

const TYPES = ["image/png", "image/jpeg", "image/webp"];
const MOST_BYTES = 17 * 1024;

export function logoProblem(file: { readonly type: string; readonly size: number }): MessageKey | undefined {
  if (!TYPES.includes(file.type)) {
    return "setting.branding.logoType";
  }
  return file.size > MOST_BYTES ? "setting.branding.logoSize" : undefined;
}
