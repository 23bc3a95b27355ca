// Made by scripts/types.mjs from the connector's OpenAPI document; do not edit.
export interface paths {
    "/api/connections": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All connections of the tenant; to an approver, those that name them. */
        get: operations["list_connections"];
        put?: never;
        /** Submit a connection; it needs approval. */
        post: operations["create_connection"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/connections/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ask the URL doctor; nothing is stored. */
        post: operations["check_connection"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/connections/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One connection. */
        get: operations["get_connection"];
        /** Make a new revision; it needs approval, and what was approved goes on launching. */
        put: operations["edit_connection"];
        post?: never;
        /** Delete a connection; its history stays. */
        delete: operations["delete_connection"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/connections/{id}/suspend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stop all launches of a connection. */
        post: operations["suspend_connection"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/connections/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let a connection launch again. */
        post: operations["resume_connection"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/connections/{id}/webhook-secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the receiver of a webhook checks signatures with. That it was read is noted, what it is never. */
        get: operations["get_webhook_secret"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/connections/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who did what to a connection, newest first; of a deleted one too, for who may read everything. */
        get: operations["get_history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/connections/{id}/ehr-sign-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begin the approver's EHR sign-in: the answer says where the browser goes, the cookie holds its state. */
        post: operations["start_ehr_sign_in"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/ehr-sign-in/callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The approver is back from the EHR: keep the proof in this browser, drop everything else. */
        get: operations["finish_ehr_sign_in"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/connections/{id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The approver approves the revision that they saw, after the EHR sign-in of this browser. */
        post: operations["approve_connection"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/connections/{id}/send-back": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The approver sends the revision back, with a reason. */
        post: operations["send_back_connection"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/consent": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the tenant has consented to, as Entra says now; for administrators and auditors. */
        get: operations["get_consent"];
        put?: never;
        /** Begin the consent: the answer says where the browser goes, the cookie holds its state. */
        post: operations["start_consent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/consent/callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The administrator is back from Microsoft. What the redirect says of a tenant is not looked at. */
        get: operations["finish_consent"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether storage and keys answer, and what lies in poison queues or is parked; 503 if storage or keys do not. */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/version": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What runs here. */
        get: operations["version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/keys/{environment}/jwks.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The keys that EHRs of one environment check our signatures with. */
        get: operations["public_keys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/launch/{id}/provider": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The EHR opens a visit for a clinician. */
        get: operations["launch_provider"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/launch/{id}/patient": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The patient portal opens a visit for a patient. */
        get: operations["launch_patient"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/launch/{id}/device-test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The patient portal opens the device test, before the day. */
        get: operations["launch_device_test"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/launch/callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The EHR sends the browser back. */
        get: operations["launch_callback"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sign-in/callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Microsoft sends a clinician back from the one-time sign-in. */
        get: operations["sign_in_callback"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/graph/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Change notifications: shape and client state are checked, the rest is the worker's. */
        post: operations["graph_notifications"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/graph/lifecycle": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lifecycle notifications: the same way. */
        post: operations["graph_lifecycle"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document. */
        get: operations["openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/privacy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Everything that this connector stores. */
        get: operations["get_privacy"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/connections/{id}/records": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The integration records of the approved revision. */
        get: operations["get_records"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/connections/{id}/records/compare": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Compare one record with what an analyst found in the EHR; nothing is stored. */
        post: operations["compare_records"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/connections/{id}/test-launch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Try every part of a visit for real, without a visit. */
        post: operations["test_launch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/visits/funnel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far visits came, by day and department; numbers that are too small are hidden. */
        get: operations["get_funnel"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tenant": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether this geography keeps data of the caller's tenant, and what the caller may do. */
        get: operations["get_tenant"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tenant/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of everything that is stored of the tenant, sealed values opened; `after` asks for the next. */
        get: operations["export_tenant"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tenant/departure": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the tenant is here, how far its deletion is, or for 30 days its receipt. */
        get: operations["get_departure"];
        put?: never;
        /** Delete everything of the tenant. It cannot be called back. */
        post: operations["begin_departure"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/visit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The page on which a patient waits. */
        get: operations["waiting_page"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/device-test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The device test before the day; it touches no visit. */
        get: operations["device_test_page"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/board": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The arrival board of one visit. */
        get: operations["board_page"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/visits/current": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How the visit stands, for its waiting page. */
        get: operations["current_visit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/visits/current/join": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Where the meeting is; from now on the patient is expected in its lobby. */
        post: operations["join_visit"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/visits/current/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** How the device test went, in one word for each device. */
        post: operations["note_devices"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/visits/current/help": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The patient cannot get in: the arrival board shows it. */
        post: operations["ask_for_help"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/visits/current/board": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is where, for the arrival board; roles and numbers only. */
        get: operations["current_board"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/visits/current/board/handled": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A clinician has taken note of somebody's signal. */
        post: operations["handle_signal"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/assets/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A file that our pages refer to. */
        get: operations["page_asset"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/writebacks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The outbox of the tenant; `status` and `connection` choose, `after` goes on where an answer ended. */
        get: operations["list_writebacks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/writebacks/{id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Try a given-up writeback once more. */
        post: operations["replay_writeback"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/writebacks/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Try given-up writebacks of a connection or of a reason once more, 500 at once; `after` goes on after those. */
        post: operations["replay_writebacks"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * BacklogOut
         * @description How much lies where nothing should lie for long.
         */
        BacklogOut: {
            /** Notificationspoison */
            notificationsPoison: number;
            /** Writebackspoison */
            writebacksPoison: number;
            /** Parked */
            parked: number;
            /** Givenup */
            givenUp: number;
        };
        /**
         * BoardOut
         * @description The arrival board of one visit.
         */
        BoardOut: {
            /** Opened */
            opened: boolean;
            /** Over */
            over: boolean;
            /** Joinurl */
            joinUrl: string | null;
            /** People */
            people: components["schemas"]["SeenOut"][];
            /**
             * Now
             * Format: date-time
             */
            now: string;
        };
        /**
         * Branding
         * @description What patients see of the clinic. A logo comes along in the page itself: no request to anybody else.
         */
        Branding: {
            /**
             * Name
             * @default
             */
            name: string;
            /**
             * Sentence
             * @default
             */
            sentence: string;
            /**
             * Clinicnumber
             * @default
             */
            clinicNumber: string;
            /**
             * Logo
             * @default null
             */
            logo: string | null;
        };
        /**
         * CheckIn
         * @description What the URL doctor examines.
         */
        CheckIn: {
            /** Fhirbaseurl */
            fhirBaseUrl: string;
            environment: components["schemas"]["Environment"];
        };
        /**
         * CheckupOut
         * @description The URL doctor's answer.
         */
        CheckupOut: {
            /** Url */
            url: string;
            /** Proposal */
            proposal: string;
            /** Iswell */
            isWell: boolean;
            /** Findings */
            findings: components["schemas"]["FindingOut"][];
        };
        /**
         * CompareIn
         * @description What an analyst found in the EHR for one record.
         */
        CompareIn: {
            kind: components["schemas"]["RecordKind"];
            /** Text */
            text: string;
        };
        /**
         * CompareOut
         * @description A record against what was found.
         */
        CompareOut: {
            /** Matches */
            matches: boolean;
            /** Fields */
            fields: components["schemas"]["ComparedField"][];
        };
        /**
         * ComparedField
         * @description One field of a record against what was found.
         */
        ComparedField: {
            /** Field */
            field: string;
            /** Matches */
            matches: boolean;
            /** Expected */
            expected: string;
            /** Found */
            found: string;
            /** Findings */
            findings: components["schemas"]["SaidOut"][];
        };
        /**
         * ConnectionEdit
         * @description A new revision, and the version that it is based on.
         */
        ConnectionEdit: {
            /** Fhirbaseurl */
            fhirBaseUrl: string;
            environment: components["schemas"]["Environment"];
            /** Approver */
            approver: string;
            /** @default epic */
            ehrKind: components["schemas"]["EhrKind"];
            /**
             * @default {
             *       "context": {
             *         "department": "departmentId",
             *         "sessionId": "sessionId",
             *         "userId": "externalId",
             *         "userIdType": "externalIdType",
             *         "visit": "visit"
             *       },
             *       "mnemonics": {
             *         "department": "%PERFDEPID;;; ; ;;NONE;%",
             *         "groupSessionId": "%CONFERENCEID%",
             *         "patientId": "%PATID%",
             *         "patientIdType": "2",
             *         "providerId": "%EPICUSERID%",
             *         "providerIdType": "1",
             *         "sessionId": "%CSN%"
             *       },
             *       "statusCall": {
             *         "auditUser": "",
             *         "auditUserType": "",
             *         "authentication": "token",
             *         "baseUrl": null,
             *         "codeConnected": "1",
             *         "codeDisconnected": "2",
             *         "codeWaiting": null,
             *         "method": "GET",
             *         "path": "/api/epic/2018/Clinical/Patient/SETEXTERNALCONNECTIONSTATUS/Telemedicine/SetExternalConnectionStatus",
             *         "scope": "system/Appointment.read",
             *         "user": "",
             *         "vendorName": "TeamsEhrConnector"
             *       },
             *       "organizerObjectId": null,
             *       "branding": {
             *         "clinicNumber": "",
             *         "logo": null,
             *         "name": "",
             *         "sentence": ""
             *       },
             *       "providerLanding": "meeting",
             *       "meetingSubject": "Virtual visit",
             *       "fhir": {
             *         "appointmentFulfilled": false,
             *         "auditEvent": false,
             *         "encounterFinished": false,
             *         "encounterPeriods": false,
             *         "encounterStatus": false,
             *         "identifierSystem": "",
             *         "patientConnected": null,
             *         "scope": "",
             *         "updateWith": "PUT",
             *         "virtualService": false
             *       },
             *       "oracle": {
             *         "appointmentFulfilled": false,
             *         "patientConnected": null,
             *         "scope": "system/Appointment.read system/Appointment.write",
             *         "videoLinks": false
             *       },
             *       "webhook": {
             *         "joinUrl": false,
             *         "secretVersion": 1,
             *         "url": null
             *       },
             *       "reconcile": {
             *         "attendanceReports": true,
             *         "callRecords": false
             *       },
             *       "signingAlgorithm": "auto"
             *     }
             */
            settings: components["schemas"]["ConnectionSettings"];
            /** Version */
            version: string;
        };
        /**
         * ConnectionIn
         * @description What an administrator enters.
         */
        ConnectionIn: {
            /** Fhirbaseurl */
            fhirBaseUrl: string;
            environment: components["schemas"]["Environment"];
            /** Approver */
            approver: string;
            /** @default epic */
            ehrKind: components["schemas"]["EhrKind"];
            /**
             * @default {
             *       "context": {
             *         "department": "departmentId",
             *         "sessionId": "sessionId",
             *         "userId": "externalId",
             *         "userIdType": "externalIdType",
             *         "visit": "visit"
             *       },
             *       "mnemonics": {
             *         "department": "%PERFDEPID;;; ; ;;NONE;%",
             *         "groupSessionId": "%CONFERENCEID%",
             *         "patientId": "%PATID%",
             *         "patientIdType": "2",
             *         "providerId": "%EPICUSERID%",
             *         "providerIdType": "1",
             *         "sessionId": "%CSN%"
             *       },
             *       "statusCall": {
             *         "auditUser": "",
             *         "auditUserType": "",
             *         "authentication": "token",
             *         "baseUrl": null,
             *         "codeConnected": "1",
             *         "codeDisconnected": "2",
             *         "codeWaiting": null,
             *         "method": "GET",
             *         "path": "/api/epic/2018/Clinical/Patient/SETEXTERNALCONNECTIONSTATUS/Telemedicine/SetExternalConnectionStatus",
             *         "scope": "system/Appointment.read",
             *         "user": "",
             *         "vendorName": "TeamsEhrConnector"
             *       },
             *       "organizerObjectId": null,
             *       "branding": {
             *         "clinicNumber": "",
             *         "logo": null,
             *         "name": "",
             *         "sentence": ""
             *       },
             *       "providerLanding": "meeting",
             *       "meetingSubject": "Virtual visit",
             *       "fhir": {
             *         "appointmentFulfilled": false,
             *         "auditEvent": false,
             *         "encounterFinished": false,
             *         "encounterPeriods": false,
             *         "encounterStatus": false,
             *         "identifierSystem": "",
             *         "patientConnected": null,
             *         "scope": "",
             *         "updateWith": "PUT",
             *         "virtualService": false
             *       },
             *       "oracle": {
             *         "appointmentFulfilled": false,
             *         "patientConnected": null,
             *         "scope": "system/Appointment.read system/Appointment.write",
             *         "videoLinks": false
             *       },
             *       "webhook": {
             *         "joinUrl": false,
             *         "secretVersion": 1,
             *         "url": null
             *       },
             *       "reconcile": {
             *         "attendanceReports": true,
             *         "callRecords": false
             *       },
             *       "signingAlgorithm": "auto"
             *     }
             */
            settings: components["schemas"]["ConnectionSettings"];
        };
        /**
         * ConnectionList
         * @description All connections that the caller may see.
         */
        ConnectionList: {
            /** Connections */
            connections: components["schemas"]["ConnectionOut"][];
        };
        /**
         * ConnectionOut
         * @description A connection as its tenant sees it.
         */
        ConnectionOut: {
            /** Id */
            id: string;
            /** Fhirbaseurl */
            fhirBaseUrl: string;
            environment: components["schemas"]["Environment"];
            ehrKind: components["schemas"]["EhrKind"];
            settings: components["schemas"]["ConnectionSettings"];
            /** Approver */
            approver: string;
            /** Approvername */
            approverName: string | null;
            state: components["schemas"]["ConnectionState"];
            /** Suspended */
            suspended: boolean;
            /** Reason */
            reason: string;
            /** Fingerprint */
            fingerprint: string;
            /** Approvedfingerprint */
            approvedFingerprint: string | null;
            /** Differences */
            differences: components["schemas"]["DifferenceOut"][];
            /**
             * Changed
             * Format: date-time
             */
            changed: string;
            /** Version */
            version: string;
            /** @default null */
            checkup: components["schemas"]["CheckupOut"] | null;
        };
        /**
         * ConnectionSettings
         * @description What can differ from hospital to hospital. Part of the revision, so part of what is approved.
         */
        ConnectionSettings: {
            /**
             * @default {
             *       "sessionId": "sessionId",
             *       "userId": "externalId",
             *       "userIdType": "externalIdType",
             *       "department": "departmentId",
             *       "visit": "visit"
             *     }
             */
            context: components["schemas"]["ContextFields"];
            /**
             * @default {
             *       "sessionId": "%CSN%",
             *       "groupSessionId": "%CONFERENCEID%",
             *       "providerId": "%EPICUSERID%",
             *       "providerIdType": "1",
             *       "patientId": "%PATID%",
             *       "patientIdType": "2",
             *       "department": "%PERFDEPID;;; ; ;;NONE;%"
             *     }
             */
            mnemonics: components["schemas"]["ContextMnemonics"];
            /**
             * @default {
             *       "path": "/api/epic/2018/Clinical/Patient/SETEXTERNALCONNECTIONSTATUS/Telemedicine/SetExternalConnectionStatus",
             *       "method": "GET",
             *       "vendorName": "TeamsEhrConnector",
             *       "codeWaiting": null,
             *       "codeConnected": "1",
             *       "codeDisconnected": "2",
             *       "baseUrl": null,
             *       "scope": "system/Appointment.read",
             *       "authentication": "token",
             *       "user": "",
             *       "auditUser": "",
             *       "auditUserType": ""
             *     }
             */
            statusCall: components["schemas"]["StatusCall"];
            /**
             * Organizerobjectid
             * @default null
             */
            organizerObjectId: string | null;
            /**
             * @default {
             *       "name": "",
             *       "sentence": "",
             *       "clinicNumber": "",
             *       "logo": null
             *     }
             */
            branding: components["schemas"]["Branding"];
            /**
             * Providerlanding
             * @default meeting
             * @enum {string}
             */
            providerLanding: "meeting" | "board";
            /**
             * Meetingsubject
             * @default Virtual visit
             */
            meetingSubject: string;
            /**
             * @default {
             *       "patientConnected": null,
             *       "appointmentFulfilled": false,
             *       "encounterStatus": false,
             *       "encounterPeriods": false,
             *       "encounterFinished": false,
             *       "auditEvent": false,
             *       "virtualService": false,
             *       "updateWith": "PUT",
             *       "identifierSystem": "",
             *       "scope": ""
             *     }
             */
            fhir: components["schemas"]["FhirWrites"];
            /**
             * @default {
             *       "patientConnected": null,
             *       "appointmentFulfilled": false,
             *       "videoLinks": false,
             *       "scope": "system/Appointment.read system/Appointment.write"
             *     }
             */
            oracle: components["schemas"]["OracleWrites"];
            /**
             * @default {
             *       "url": null,
             *       "secretVersion": 1,
             *       "joinUrl": false
             *     }
             */
            webhook: components["schemas"]["Webhook"];
            /**
             * @default {
             *       "attendanceReports": true,
             *       "callRecords": false
             *     }
             */
            reconcile: components["schemas"]["ReconcileSources"];
            /**
             * Signingalgorithm
             * @default auto
             * @enum {string}
             */
            signingAlgorithm: "auto" | "ES384" | "RS384";
        };
        /**
         * ConnectionState
         * @description Where the current revision stands.
         * @enum {string}
         */
        ConnectionState: "needs approval" | "sent back" | "approved";
        /**
         * ConsentOut
         * @description What the tenant has consented to; `complete` says that nothing needed is missing.
         */
        ConsentOut: {
            /** Complete */
            complete: boolean;
            /** Permissions */
            permissions: components["schemas"]["PermissionOut"][];
        };
        /**
         * ConsentStartOut
         * @description Where the administrator goes to consent.
         */
        ConsentStartOut: {
            /** Consenturl */
            consentUrl: string;
        };
        /**
         * ContextFields
         * @description Names of the members that the EHR adds to its token response, as the context token asks it to.
         */
        ContextFields: {
            /**
             * Sessionid
             * @default sessionId
             */
            sessionId: string;
            /**
             * Userid
             * @default externalId
             */
            userId: string;
            /**
             * Useridtype
             * @default externalIdType
             */
            userIdType: string;
            /**
             * Department
             * @default departmentId
             */
            department: string;
            /**
             * Visit
             * @default visit
             */
            visit: string;
        };
        /**
         * ContextMnemonics
         * @description What the EHR is asked to fill in for each member. Epic's public mnemonics are the defaults.
         */
        ContextMnemonics: {
            /**
             * Sessionid
             * @default %CSN%
             */
            sessionId: string;
            /**
             * Groupsessionid
             * @default %CONFERENCEID%
             */
            groupSessionId: string;
            /**
             * Providerid
             * @default %EPICUSERID%
             */
            providerId: string;
            /**
             * Provideridtype
             * @default 1
             */
            providerIdType: string;
            /**
             * Patientid
             * @default %PATID%
             */
            patientId: string;
            /**
             * Patientidtype
             * @default 2
             */
            patientIdType: string;
            /**
             * Department
             * @default %PERFDEPID;;; ; ;;NONE;%
             */
            department: string;
        };
        /**
         * Decision
         * @description An approval: of the revision that was seen.
         */
        Decision: {
            /** Fingerprint */
            fingerprint: string;
        };
        /**
         * DepartureIn
         * @description The tenant's own id, as a sign that this is meant.
         */
        DepartureIn: {
            /** Tenant */
            tenant: string;
        };
        /**
         * DepartureOut
         * @description Whether the tenant is here, how far its deletion is, or the receipt once it is gone.
         */
        DepartureOut: {
            /**
             * State
             * @enum {string}
             */
            state: "here" | "leaving" | "gone";
            /**
             * Began
             * @default null
             */
            began: string | null;
            /**
             * By
             * @default
             */
            by: string;
            /**
             * Ended
             * @default null
             */
            ended: string | null;
            /**
             * Deleted
             * @default {}
             */
            deleted: {
                [key: string]: number;
            };
        };
        /**
         * DevicesIn
         * @description How the device test went.
         */
        DevicesIn: {
            /**
             * Camera
             * @enum {string}
             */
            camera: "fine" | "blocked" | "missing" | "skipped" | "failed";
            /**
             * Microphone
             * @enum {string}
             */
            microphone: "fine" | "blocked" | "missing" | "skipped" | "failed";
            /**
             * Speaker
             * @enum {string}
             */
            speaker: "fine" | "blocked" | "missing" | "skipped" | "failed";
            /**
             * Connection
             * @enum {string}
             */
            connection: "fine" | "blocked" | "missing" | "skipped" | "failed";
        };
        /**
         * DifferenceOut
         * @description One setting that differs from the approved revision.
         */
        DifferenceOut: {
            /** Name */
            name: string;
            /** Approved */
            approved: string | null;
            /** Current */
            current: string | null;
        };
        /**
         * Done
         * @description It is done.
         */
        Done: {
            /** Ok */
            ok: boolean;
        };
        /**
         * EhrKind
         * @description How an EHR is told of transitions.
         * @enum {string}
         */
        EhrKind: "epic" | "fhir" | "oracle" | "webhook" | "none";
        /**
         * Environment
         * @description Which of a hospital's EHR environments a connection belongs to.
         * @enum {string}
         */
        Environment: "test" | "production";
        /**
         * ExportOut
         * @description A page of everything that is stored of a tenant; `next` asks for the one after it.
         */
        ExportOut: {
            /** Tenant */
            tenant: string;
            /** Geography */
            geography: string;
            /** Exported */
            exported: string;
            /** Rows */
            rows: components["schemas"]["StoredRowOut"][];
            /** Next */
            next: string | null;
        };
        /**
         * FhirWrites
         * @description What is written into an EHR by FHIR R4 alone. `scope` is what the writes chosen need, unless it is given.
         */
        FhirWrites: {
            /**
             * Patientconnected
             * @default null
             */
            patientConnected: ("arrived" | "checked-in") | null;
            /**
             * Appointmentfulfilled
             * @default false
             */
            appointmentFulfilled: boolean;
            /**
             * Encounterstatus
             * @default false
             */
            encounterStatus: boolean;
            /**
             * Encounterperiods
             * @default false
             */
            encounterPeriods: boolean;
            /**
             * Encounterfinished
             * @default false
             */
            encounterFinished: boolean;
            /**
             * Auditevent
             * @default false
             */
            auditEvent: boolean;
            /**
             * Virtualservice
             * @default false
             */
            virtualService: boolean;
            /**
             * Updatewith
             * @default PUT
             * @enum {string}
             */
            updateWith: "PUT" | "PATCH";
            /**
             * Identifiersystem
             * @default
             */
            identifierSystem: string;
            /**
             * Scope
             * @default
             */
            scope: string;
        };
        /**
         * FindingOut
         * @description One finding of the URL doctor.
         */
        FindingOut: {
            /** Code */
            code: string;
            /** Severity */
            severity: string;
            /** Asked */
            asked: string;
            /** Cameback */
            cameBack: string;
            /** Said */
            said: string;
            /** Change */
            change: string;
        };
        /**
         * FunnelDay
         * @description One day of one department; a hidden number is null.
         */
        FunnelDay: {
            /**
             * Day
             * Format: date
             */
            day: string;
            /** Department */
            department: string;
            /** Launched */
            launched: number | null;
            /** Pageopened */
            pageOpened: number | null;
            /** Devicesfine */
            devicesFine: number | null;
            /** Waiting */
            waiting: number | null;
            /** Admitted */
            admitted: number | null;
            /** Bothconnected */
            bothConnected: number | null;
            /** Finished */
            finished: number | null;
            /** Hidden */
            hidden: boolean;
        };
        /**
         * FunnelOut
         * @description How far visits came.
         */
        FunnelOut: {
            /** Days */
            days: components["schemas"]["FunnelDay"][];
            /** Smallest */
            smallest: number;
        };
        /**
         * HandledIn
         * @description Whose signal was handled.
         */
        HandledIn: {
            /** Key */
            key: string;
        };
        /**
         * HealthOut
         * @description Whether the connector can do its work; without a backlog if that could not be counted now.
         */
        HealthOut: {
            /** Status */
            status: string;
            /** Storage */
            storage: boolean;
            /** Keys */
            keys: boolean;
            /** Geography */
            geography: string;
            backlog: components["schemas"]["BacklogOut"] | null;
        };
        /**
         * HistoryList
         * @description A connection's history, newest first.
         */
        HistoryList: {
            /** History */
            history: components["schemas"]["HistoryOut"][];
        };
        /**
         * HistoryOut
         * @description One entry of a connection's history; the actor's name is the directory's, now, and not stored.
         */
        HistoryOut: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Actor */
            actor: string;
            /** Actorname */
            actorName: string | null;
            /** Action */
            action: string;
            /** Oldfingerprint */
            oldFingerprint: string;
            /** Newfingerprint */
            newFingerprint: string;
            /** Reason */
            reason: string;
        };
        /**
         * JoinOut
         * @description Where the meeting is.
         */
        JoinOut: {
            /** Joinurl */
            joinUrl: string;
        };
        /**
         * OracleWrites
         * @description What is written into an appointment of Oracle Health Millennium.
         */
        OracleWrites: {
            /**
             * Patientconnected
             * @default null
             */
            patientConnected: ("arrived" | "checked-in") | null;
            /**
             * Appointmentfulfilled
             * @default false
             */
            appointmentFulfilled: boolean;
            /**
             * Videolinks
             * @default false
             */
            videoLinks: boolean;
            /**
             * Scope
             * @default system/Appointment.read system/Appointment.write
             */
            scope: string;
        };
        /**
         * PermissionOut
         * @description One application permission of Graph.
         */
        PermissionOut: {
            /** Name */
            name: string;
            /** Needed */
            needed: boolean;
            /** Granted */
            granted: boolean;
        };
        /**
         * PrivacyOut
         * @description Everything that is stored.
         */
        PrivacyOut: {
            /** Fields */
            fields: components["schemas"]["StoredFieldOut"][];
        };
        /**
         * Reason
         * @description Why something was done.
         */
        Reason: {
            /**
             * Reason
             * @default
             */
            reason: string;
        };
        /**
         * ReconcileSources
         * @description What Microsoft may be asked after a call, to add what no event told.
         */
        ReconcileSources: {
            /**
             * Attendancereports
             * @default true
             */
            attendanceReports: boolean;
            /**
             * Callrecords
             * @default false
             */
            callRecords: boolean;
        };
        /**
         * RecordKind
         * @description The records of a connection.
         * @enum {string}
         */
        RecordKind: "provider" | "patient" | "group-provider" | "group-patient" | "device-test";
        /**
         * RecordList
         * @description The integration records of an approved revision.
         */
        RecordList: {
            /** Records */
            records: components["schemas"]["RecordOut"][];
            /** Jwksurl */
            jwksUrl: string;
        };
        /**
         * RecordOut
         * @description One integration record.
         */
        RecordOut: {
            kind: components["schemas"]["RecordKind"];
            /** Launchurl */
            launchUrl: string;
            /** Clientid */
            clientId: string;
            /** Contexttoken */
            contextToken: string;
            /** Fingerprint */
            fingerprint: string;
        };
        /**
         * ReplayIn
         * @description Which given-up writebacks to try once more; empty means any.
         */
        ReplayIn: {
            /**
             * Connection
             * @default
             */
            connection: string;
            /**
             * Reason
             * @default
             */
            reason: string;
            /**
             * After
             * @description Go on after this writeback, as an answer's `next` says.
             * @default
             */
            after: string;
        };
        /**
         * ReplayOut
         * @description How many are tried once more, and how many cannot be.
         */
        ReplayOut: {
            /** Replayed */
            replayed: number;
            /** Refused */
            refused: number;
            /**
             * Next
             * @description If there may be more: go on with it as `after`.
             */
            next: string;
        };
        /**
         * Role
         * @description What a participant is in a visit. The meeting itself is one, where an EHR wants to know that it is there.
         * @enum {string}
         */
        Role: "provider" | "patient" | "guest" | "meeting";
        /**
         * SaidOut
         * @description One finding: what it means and what to change.
         */
        SaidOut: {
            /** Code */
            code: string;
            /** Said */
            said: string;
            /** Change */
            change: string;
        };
        /**
         * SeenOut
         * @description One participant on the arrival board.
         */
        SeenOut: {
            /** Key */
            key: string;
            role: components["schemas"]["Role"];
            /** Number */
            number: number;
            /** State */
            state: string;
            /** Since */
            since: string | null;
            /** Devices */
            devices: string;
            /** Helpasked */
            helpAsked: boolean;
            /** Needsattention */
            needsAttention: boolean;
        };
        /**
         * SendBack
         * @description A refusal, with its reason.
         */
        SendBack: {
            /** Fingerprint */
            fingerprint: string;
            /** Reason */
            reason: string;
        };
        /**
         * SignInOut
         * @description Where the approver's browser goes to sign in at the EHR.
         */
        SignInOut: {
            /** Authorizeurl */
            authorizeUrl: string;
        };
        /**
         * StatusCall
         * @description Epic's call to set a connection status. Its specification is not public: everything is a setting.
         *
         *     `code_waiting` is empty by default: no public source names a status for it. `user` is the one whose password is
         *     sent where `authentication` is `basic`; the password itself is no setting.
         */
        StatusCall: {
            /**
             * Path
             * @default /api/epic/2018/Clinical/Patient/SETEXTERNALCONNECTIONSTATUS/Telemedicine/SetExternalConnectionStatus
             */
            path: string;
            /**
             * Method
             * @default GET
             * @enum {string}
             */
            method: "GET" | "POST";
            /**
             * Vendorname
             * @default TeamsEhrConnector
             */
            vendorName: string;
            /**
             * Codewaiting
             * @default null
             */
            codeWaiting: string | null;
            /**
             * Codeconnected
             * @default 1
             */
            codeConnected: string;
            /**
             * Codedisconnected
             * @default 2
             */
            codeDisconnected: string;
            /**
             * Baseurl
             * @default null
             */
            baseUrl: string | null;
            /**
             * Scope
             * @default system/Appointment.read
             */
            scope: string;
            /**
             * Authentication
             * @default token
             * @enum {string}
             */
            authentication: "token" | "basic";
            /**
             * User
             * @default
             */
            user: string;
            /**
             * Audituser
             * @default
             */
            auditUser: string;
            /**
             * Auditusertype
             * @default
             */
            auditUserType: string;
        };
        /**
         * StoredFieldOut
         * @description One stored field; `names` says whether it can lead to a person.
         */
        StoredFieldOut: {
            /** Table */
            table: string;
            /** Column */
            column: string;
            /** What */
            what: string;
            /** Why */
            why: string;
            /** Where */
            where: string;
            /** Until */
            until: string;
            /** Names */
            names: boolean;
            /** Encrypted */
            encrypted: boolean;
        };
        /**
         * StoredRowOut
         * @description One row of a table, as it is stored, its sealed values opened.
         */
        StoredRowOut: {
            /** Table */
            table: string;
            /** Partition */
            partition: string;
            /** Row */
            row: string;
            /** Values */
            values: {
                [key: string]: unknown;
            };
        };
        /**
         * TenantOut
         * @description Who is asking, and where their tenant's data is.
         */
        TenantOut: {
            /** Tenant */
            tenant: string;
            /** Geography */
            geography: string;
            /** Known */
            known: boolean;
            /** Objectid */
            objectId: string;
            /** Roles */
            roles: string[];
            /** Isadmin */
            isAdmin: boolean;
            /** Isauditor */
            isAuditor: boolean;
        };
        /**
         * TestLaunchIn
         * @description The clinician for whom meetings are tried; may be empty.
         */
        TestLaunchIn: {
            /**
             * Clinician
             * @default
             */
            clinician: string;
        };
        /**
         * TestLaunchOut
         * @description The test launch, line by line.
         */
        TestLaunchOut: {
            /** Lines */
            lines: components["schemas"]["TestLine"][];
        };
        /**
         * TestLine
         * @description One line of the test launch.
         */
        TestLine: {
            /** Code */
            code: string;
            /** State */
            state: string;
            /** Said */
            said: string;
            /** Nextstep */
            nextStep: string;
            /** Reason */
            reason: string;
            /** Commands */
            commands: string[];
        };
        /**
         * VersionIn
         * @description The version that a deletion is based on.
         */
        VersionIn: {
            /** Version */
            version: string;
        };
        /**
         * VersionOut
         * @description What runs here; `build` is the commit that the package was made from, empty where no package runs.
         */
        VersionOut: {
            /** Version */
            version: string;
            /** Build */
            build: string;
            /** Python */
            python: string;
        };
        /**
         * VisitOut
         * @description What the waiting page knows.
         */
        VisitOut: {
            /** State */
            state: string;
            /** Opened */
            opened: boolean;
            /** Over */
            over: boolean;
            /** Helpasked */
            helpAsked: boolean;
            /** Dialin */
            dialIn: string | null;
        };
        /**
         * Webhook
         * @description Where events are posted. A higher `secret_version` is another secret.
         */
        Webhook: {
            /**
             * Url
             * @default null
             */
            url: string | null;
            /**
             * Secretversion
             * @default 1
             */
            secretVersion: number;
            /**
             * Joinurl
             * @default false
             */
            joinUrl: boolean;
        };
        /**
         * WebhookSecretOut
         * @description What a receiver checks signatures with, and which version it is.
         */
        WebhookSecretOut: {
            /** Version */
            version: number;
            /** Secret */
            secret: string;
        };
        /**
         * WritebackList
         * @description The outbox.
         */
        WritebackList: {
            /** Writebacks */
            writebacks: components["schemas"]["WritebackOut"][];
            /**
             * Next
             * @description If there is more: go on with it as `after`.
             */
            next: string;
        };
        /**
         * WritebackOut
         * @description One writeback; nothing in it names a person.
         */
        WritebackOut: {
            /** Id */
            id: string;
            /** Connection */
            connection: string;
            /** Visit */
            visit: string;
            /** Participant */
            participant: string;
            /** State */
            state: string;
            /** Source */
            source: string;
            /** Status */
            status: string;
            /** Reason */
            reason: string;
            /** Attempts */
            attempts: number;
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Firsttry */
            firstTry: string | null;
            /** Lasttry */
            lastTry: string | null;
            /** Nexttry */
            nextTry: string | null;
        };
        Problem: {
            type: string;
            title: string;
            detail: string;
            code: string;
            nextStep: string;
            instance?: string;
            status: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list_connections: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionList"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_connection: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConnectionIn"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionOut"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    check_connection: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CheckIn"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckupOut"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_connection: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionOut"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    edit_connection: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConnectionEdit"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionOut"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_connection: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["VersionIn"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    suspend_connection: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Reason"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionOut"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resume_connection: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionOut"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_webhook_secret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookSecretOut"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_history: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HistoryList"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    start_ehr_sign_in: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignInOut"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    finish_ehr_sign_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    approve_connection: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Decision"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionOut"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    send_back_connection: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SendBack"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionOut"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_consent: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConsentOut"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    start_consent: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConsentStartOut"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    finish_consent: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HealthOut"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    version: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionOut"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    public_keys: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                environment: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    launch_provider: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    launch_patient: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    launch_device_test: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    launch_callback: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    sign_in_callback: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    graph_notifications: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    graph_lifecycle: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    openapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_privacy: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PrivacyOut"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_records: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecordList"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    compare_records: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CompareIn"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CompareOut"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    test_launch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TestLaunchIn"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TestLaunchOut"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_funnel: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FunnelOut"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_tenant: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantOut"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    export_tenant: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExportOut"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_departure: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DepartureOut"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    begin_departure: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DepartureIn"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DepartureOut"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    waiting_page: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    device_test_page: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    board_page: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    current_visit: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VisitOut"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    join_visit: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JoinOut"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    note_devices: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DevicesIn"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Done"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    ask_for_help: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Done"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    current_board: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BoardOut"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    handle_signal: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["HandledIn"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Done"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    page_asset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_writebacks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WritebackList"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replay_writeback: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replay_writebacks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReplayIn"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReplayOut"];
                };
            };
            /** @description A failure of the catalogue */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
