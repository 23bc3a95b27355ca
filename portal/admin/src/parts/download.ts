/** Saves a text as a file, without any server in between. */

export function download(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // Browsers begin the download after the click has been dealt with.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
