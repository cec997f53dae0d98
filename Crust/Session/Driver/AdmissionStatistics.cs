namespace Crust.Session.Driver;

/// <summary>How often an <see cref="AdmissionGate"/> refused, by reason.</summary>
/// <param name="DeniedAddresses">Links from denied networks: nothing was read, no key was computed.</param>
/// <param name="DeniedPeers">Callers that the lists do not allow: message 1 was read, nothing was answered.</param>
/// <param name="ThrottledPrefixes">Links of prefixes that asked too often.</param>
/// <param name="ThrottledPeers">Callers that asked too often.</param>
/// <param name="CrowdedPrefixes">Callers whose prefix has its share of the sessions.</param>
internal readonly record struct AdmissionStatistics(
    long DeniedAddresses, long DeniedPeers, long ThrottledPrefixes, long ThrottledPeers, long CrowdedPrefixes);
