namespace Crust.Session.Driver;

/// <summary>How a session ended.</summary>
/// <param name="Code">The goodbye's code; codes of later versions are passed on as they are.</param>
/// <param name="Reason">One line for a person.</param>
/// <param name="ByRemote">True when the peer ended it.</param>
internal sealed record SessionClosure(GoodbyeCode Code, string Reason, bool ByRemote);
