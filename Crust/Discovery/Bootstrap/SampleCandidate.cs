using Crust.Identity;

namespace Crust.Discovery.Bootstrap;

/// <summary>What a <see cref="BootstrapSampler"/> needs to know of an entry.</summary>
/// <param name="Prefix">Where it is.</param>
/// <param name="Voucher">The gateway whose word it is that it can be reached.</param>
/// <param name="Tier">How good it is: entries of a lower tier come first, as far as diversity allows.</param>
internal readonly record struct SampleCandidate(DiversityPrefix Prefix, PeerId Voucher, int Tier);
