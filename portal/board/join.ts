// The two ways into the meeting. Teams documents msteams:// for its app; its web page has no documented short cut.

const TEAMS = /^(?:[\w-]+\.)?teams\.(?:microsoft\.(?:com|us)|live\.com|cloud\.microsoft)$/;

/** The address that opens the Teams app itself; the meeting's own address where that is not Teams' (a sandbox). */
export function inTeams(joinUrl: URL): string {
  if (joinUrl.protocol !== "https:" || !TEAMS.test(joinUrl.hostname)) return joinUrl.href;
  return joinUrl.href.replace(/^https:/, "msteams:");
}
