namespace Crust.Tests.NatLab;

/// <summary>What a router's <c>wan</c> is plugged into: the internet, or a carrier's network.</summary>
internal interface IUplink
{
    /// <summary>Lays a cable to a router's <c>wan</c>, with addresses and routes on both sides.</summary>
    Subscription Subscribe(NetworkNamespace router);
}
