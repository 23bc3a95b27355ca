/** What the bodies of requests to Graph may hold: our own small copy of the strict request schemas. */
import { bool, type Check, dateTime, listOf, matching, nullable, object, oneOf, text } from "./check.ts";

const LOOPBACK = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(\/|$|\?)/;

/** Graph wants https; a machine that talks to itself is the one exception of this stand-in. */
const receiver = matching((url) => url.startsWith("https://") || LOOPBACK.test(url), "must be an https URL.");

const identity = object({ members: { id: nullable(text()), displayName: nullable(text()) }, open: true });
const identitySet = object({
  members: { application: nullable(identity), device: nullable(identity), user: nullable(identity) },
  open: true,
});
const participant = object({
  members: {
    identity: nullable(identitySet),
    role: nullable(oneOf("attendee", "presenter", "producer", "coorganizer")),
    upn: nullable(text()),
  },
});
const participants = object({
  members: { attendees: listOf(participant), organizer: nullable(participant) },
});

export const lobbyScopes = [
  "organizer",
  "organization",
  "organizationAndFederated",
  "everyone",
  "invited",
  "organizationExcludingGuests",
] as const;

const settings: Readonly<Record<string, Check>> = {
  allowAttendeeToEnableCamera: nullable(bool),
  allowAttendeeToEnableMic: nullable(bool),
  allowBreakoutRooms: nullable(bool),
  allowCopyingAndSharingMeetingContent: nullable(bool),
  allowedLobbyAdmitters: nullable(oneOf("organizerAndCoOrganizersAndPresenters", "organizerAndCoOrganizers")),
  allowedPresenters: nullable(oneOf("everyone", "organization", "roleIsPresenter", "organizer")),
  allowLiveShare: nullable(oneOf("enabled", "disabled")),
  allowMeetingChat: nullable(oneOf("enabled", "disabled", "limited")),
  allowPowerPointSharing: nullable(bool),
  allowRecording: nullable(bool),
  allowTeamworkReactions: nullable(bool),
  allowTranscription: nullable(bool),
  allowWhiteboard: nullable(bool),
  isEndToEndEncryptionEnabled: nullable(bool),
  isEntryExitAnnounced: nullable(bool),
  lobbyBypassSettings: nullable(
    object({ members: { isDialInBypassEnabled: nullable(bool), scope: nullable(oneOf(...lobbyScopes)) } }),
  ),
  meetingSpokenLanguageTag: nullable(text()),
  recordAutomatically: nullable(bool),
  sensitivityLabelAssignment: nullable(object({ members: { sensitivityLabelId: nullable(text()) } })),
  subject: nullable(text()),
  watermarkProtection: nullable(
    object({
      members: { isEnabledForContentSharing: nullable(bool), isEnabledForVideo: nullable(bool) },
    }),
  ),
};

const times = { startDateTime: nullable(dateTime), endDateTime: nullable(dateTime) };

export const createOrGetBody = object({
  members: {
    ...times,
    externalId: text(),
    subject: nullable(text()),
    participants: nullable(participants),
    chatInfo: nullable(
      object({
        members: {
          messageId: nullable(text()),
          replyChainMessageId: nullable(text()),
          threadId: nullable(text()),
        },
      }),
    ),
  },
  required: ["externalId"],
});

export const updateMeetingBody = object({
  members: { ...settings, ...times, participants: nullable(participants) },
});

export const createMeetingBody = object({
  members: {
    ...settings,
    ...times,
    participants: nullable(participants),
    allowParticipantsToChangeName: nullable(bool),
    chatRestrictions: nullable(object({ members: { allowTextOnly: nullable(bool) } })),
    externalId: nullable(text()),
    joinMeetingIdSettings: nullable(
      object({
        members: {
          isPasscodeRequired: nullable(bool),
          joinMeetingId: nullable(text()),
          passcode: nullable(text()),
        },
      }),
    ),
    meetingTemplateId: nullable(text()),
    shareMeetingChatHistoryDefault: nullable(oneOf("none", "all")),
  },
});

export const createSubscriptionBody = object({
  members: {
    changeType: text(),
    clientState: nullable(text(128)),
    encryptionCertificate: nullable(text(16_384)),
    encryptionCertificateId: nullable(text(128)),
    expirationDateTime: dateTime,
    includeResourceData: nullable(bool),
    latestSupportedTlsVersion: nullable(oneOf("v1_0", "v1_1", "v1_2", "v1_3")),
    lifecycleNotificationUrl: receiver,
    notificationQueryOptions: nullable(text()),
    notificationUrl: receiver,
    notificationUrlAppId: nullable(text()),
    resource: text(),
  },
  required: ["changeType", "notificationUrl", "resource", "expirationDateTime"],
});

const updateSubscription = object({
  members: {
    expirationDateTime: dateTime,
    notificationUrl: receiver,
    encryptionCertificate: nullable(text(16_384)),
    encryptionCertificateId: nullable(text(128)),
  },
});

export const updateSubscriptionBody: Check = (value, path) =>
  updateSubscription(value, path) ??
  (Object.keys(value as object).length === 0 ? "The request changes nothing." : undefined);
