namespace Crust.Dialing;

/// <summary>What a <see cref="DialStep"/> asks for.</summary>
internal enum DialStepKind
{
    /// <summary>Begin to open a link to the candidate's address.</summary>
    Open,

    /// <summary>Let the candidate's link, which is open, send the first message of its handshake.</summary>
    Handshake,

    /// <summary>Give up whatever the candidate is at, and close its link.</summary>
    Cancel,
}
