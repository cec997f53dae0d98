using Xunit;

namespace Crust.Tests.Interop.Utp;

/// <summary>
/// Tests beside processes of others: no other test runs meanwhile. Their timers are not ours: libutp forgets a connection whose first bytes take longer than its
/// retransmission timeout, three seconds.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Foreign
{
    internal const string Name = "foreign";
}
