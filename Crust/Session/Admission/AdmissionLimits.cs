namespace Crust.Session.Admission;

/// <summary>Bounds on handshakes that others start.</summary>
/// <param name="PerSecond">Average per address prefix.</param>
/// <param name="Burst">At once per address prefix. A lab or an office behind one address starts many peers together.</param>
/// <param name="MaxUnderWay">Handshakes in progress in all.</param>
/// <param name="MaxPrefixes">Address prefixes remembered; when all are busy, new ones are refused.</param>
internal sealed record AdmissionLimits(double PerSecond = 100, double Burst = 500, int MaxUnderWay = 256, int MaxPrefixes = 4096);
