// What needs a person, and who is told. docs/operations.md says of each what it means and what to do.

@description('Geography of the stamp.')
@allowed([
  'amer'
  'emea'
  'apac'
])
param geography string

@description('Region of the rules.')
param region string

@description('Tags.')
param tags object

@description('Makes names unique.')
param token string

@description('Origin at which the stamp is reached.')
param publicBaseUrl string

@description('Resource id of the workspace.')
param workspaceId string

@description('Resource id of Application Insights.')
param insightsId string

@description('Who is told, by e-mail.')
param emails string[]

// Each log line is an event of shared/telemetry.py and its fields as JSON. A row of the answer is a reason to tell.
var rules = [
  {
    name: 'request-failed'
    says: 'Something inside failed, at a door or in a timer.'
    severity: 2
    every: 'PT5M'
    within: 'PT5M'
    query: 'AppTraces | where Message startswith "request_failed "'
  }
  {
    name: 'function-failed'
    says: 'A function ended with an exception; what it worked at is tried again.'
    severity: 2
    every: 'PT5M'
    within: 'PT15M'
    query: 'AppRequests | where Success == false | summarize failures = count() by Name | where failures >= 3'
  }
  {
    name: 'poison-not-empty'
    says: 'A queue message failed at every try and came to a poison queue.'
    severity: 1
    every: 'PT5M'
    within: 'PT5M'
    query: 'AppTraces | where Message startswith "queue_message_parked "'
  }
  {
    name: 'notification-given-up'
    says: 'A notification of Graph was tried for 76 hours and is kept for 30 days; it may hold a transition.'
    severity: 1
    every: 'PT5M'
    within: 'PT5M'
    query: 'AppTraces | where Message startswith "notification_given_up "'
  }
  {
    name: 'writeback-given-up'
    says: 'An EHR was not told of a transition, and nobody tries any more.'
    severity: 1
    every: 'PT5M'
    within: 'PT5M'
    query: 'AppTraces | where Message startswith "writeback_given_up "'
  }
  {
    name: 'writebacks-retrying'
    says: 'An EHR takes many tries, and has for half an hour.'
    severity: 2
    every: 'PT15M'
    within: 'PT30M'
    query: 'AppTraces | where Message startswith "writeback_retrying " | summarize tries = count() | where tries > 50'
  }
  {
    name: 'ehr-circuit-open'
    says: 'The EHR of a connection answers nobody; its circuit is open.'
    severity: 1
    every: 'PT5M'
    within: 'PT5M'
    query: 'AppTraces | where Message startswith "ehr_circuit_opened "'
  }
  {
    name: 'subscription-failed'
    says: 'A visit has no live events, because Graph made or prolonged no subscription.'
    severity: 1
    every: 'PT5M'
    within: 'PT10M'
    query: 'AppTraces | where Message startswith "subscription_failed "'
  }
  {
    name: 'notifications-ignored'
    says: 'Notifications of Graph were not believed: often a missing consent or a lost certificate.'
    severity: 2
    every: 'PT15M'
    within: 'PT15M'
    query: 'AppTraces | where Message startswith "notification_ignored " | summarize ignored = count() | where ignored > 20'
  }
  {
    name: 'timers-stand-still'
    says: 'No timer has run: nothing is renewed, swept or settled.'
    severity: 1
    every: 'PT15M'
    within: 'PT30M'
    query: 'AppTraces | where Message startswith "upkeep_done " | summarize done = count() | where done == 0'
  }
  {
    name: 'rotation-stands-still'
    says: 'The daily timer that replaces keys and certificates has not run for two days.'
    severity: 2
    every: 'P1D'
    within: 'P2D'
    query: 'AppTraces | where Message startswith "upkeep_done " and Message has "rotate_" | summarize done = count() | where done == 0'
  }
  {
    name: 'key-near-expiry'
    says: 'A key, a certificate or a secret of the vault expires within 30 days, or has expired.'
    severity: 1
    every: 'PT1H'
    within: 'PT1H'
    query: 'AZKVAuditLogs | where OperationName endswith "NearExpiryEventGridNotification" or OperationName endswith "ExpiredEventGridNotification"'
  }
  {
    name: 'vault-refused'
    says: 'The vault refused somebody.'
    severity: 2
    every: 'PT15M'
    within: 'PT15M'
    query: 'AZKVAuditLogs | where HttpStatusCode == 403'
  }
  {
    name: 'telemetry-capped'
    says: 'The daily cap is reached: until tomorrow there are no logs, and no alert that reads them.'
    severity: 1
    every: 'PT1H'
    within: 'PT1H'
    query: '_LogOperation | where Category =~ "Ingestion" and Detail has "OverQuota"'
  }
]

// The door as Graph sees it: its handshake, from three places of the geography.
var probePlaces = {
  amer: [
    'us-va-ash-azr'
    'us-tx-sn1-azr'
    'us-ca-sjc-azr'
  ]
  emea: [
    'emea-nl-ams-azr'
    'emea-gb-db3-azr'
    'emea-se-sto-edge'
  ]
  apac: [
    'apac-sg-sin-azr'
    'apac-jp-kaw-edge'
    'emea-au-syd-edge'
  ]
}
var slowMilliseconds = 1500
var receivers = [for (address, i) in emails: {
  name: 'person ${i}'
  emailAddress: address
  useCommonAlertSchema: true
}]
var places = [for place in probePlaces[geography]: { Id: place }]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${token}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'ehr-${geography}'
    enabled: true
    emailReceivers: receivers
  }
}

resource rule 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for one in rules: {
  name: '${one.name}-${token}'
  location: region
  tags: tags
  properties: {
    displayName: '${one.name} (${geography})'
    description: one.says
    severity: one.severity
    enabled: true
    autoMitigate: false
    evaluationFrequency: one.every
    windowSize: one.within
    // A table is there only after the first line has come in.
    skipQueryValidation: true
    scopes: [
      workspaceId
    ]
    criteria: {
      allOf: [
        {
          query: one.query
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    actions: {
      actionGroups: [
        people.id
      ]
    }
  }
}]

resource probe 'Microsoft.Insights/webtests@2022-06-15' = {
  name: 'door-${token}'
  location: region
  tags: union(tags, { 'hidden-link:${insightsId}': 'Resource' })
  kind: 'standard'
  properties: {
    SyntheticMonitorId: 'door-${token}'
    Name: 'door'
    Kind: 'standard'
    Enabled: true
    Frequency: 300
    Timeout: 30
    RetryEnabled: true
    Locations: places
    Request: {
      RequestUrl: '${publicBaseUrl}/api/graph/notifications?validationToken=probe'
      HttpVerb: 'POST'
      ParseDependentRequests: false
      FollowRedirects: false
    }
    ValidationRules: {
      ExpectedHttpStatusCode: 200
      SSLCheck: true
      SSLCertRemainingLifetimeCheck: 14
      ContentValidation: {
        ContentMatch: 'probe'
        PassIfTextFound: true
      }
    }
  }
}

resource doorFails 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'door-failing-${token}'
  location: 'global'
  tags: tags
  properties: {
    description: 'Two places or more cannot shake hands with the door of notifications.'
    severity: 0
    enabled: true
    evaluationFrequency: 'PT1M'
    windowSize: 'PT5M'
    scopes: [
      probe.id
      insightsId
    ]
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'
      webTestId: probe.id
      componentId: insightsId
      failedLocationCount: 2
    }
    actions: [
      {
        actionGroupId: people.id
      }
    ]
  }
}

resource doorSlow 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'door-slow-${token}'
  location: 'global'
  tags: tags
  properties: {
    description: 'The handshake takes long. Graph waits three seconds, and then holds notifications back.'
    severity: 1
    enabled: true
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    scopes: [
      insightsId
    ]
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'duration'
          metricNamespace: 'microsoft.insights/components'
          metricName: 'availabilityResults/duration'
          operator: 'GreaterThan'
          threshold: slowMilliseconds
          timeAggregation: 'Average'
        }
      ]
    }
    actions: [
      {
        actionGroupId: people.id
      }
    ]
  }
}
