namespace Crust.GatewayProtocol;

/// <summary>What <see cref="GatewaySilence"/> says of a gateway.</summary>
internal enum SilenceVerdict
{
    /// <summary>It is not time yet.</summary>
    Wait,

    /// <summary>It lives: ask it for another sign of life, so that the next silence counts from here.</summary>
    AskAgain,

    /// <summary>It is gone, or the way to it is: do without it.</summary>
    Silent,
}
