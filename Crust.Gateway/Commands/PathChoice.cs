namespace Crust.Gateway.Commands;

/// <summary>What <c>--path</c> asks for.</summary>
internal enum PathChoice
{
    /// <summary>Whatever connects.</summary>
    Any,

    /// <summary>Packets that go to the peer itself.</summary>
    Direct,

    /// <summary>A circuit over a gateway.</summary>
    Relay,
}
