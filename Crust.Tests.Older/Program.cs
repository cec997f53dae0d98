using Crust.Tests.Older;

// silo CONNECTION NETWORK: a silo of the older release, until SIGTERM. client CONNECTION NETWORK: a gateway and services of it, until the input ends.
return args switch
{
    ["silo", var connection, var network] => await OlderSilo.RunAsync(connection, network),
    ["client", var connection, var network] => await OlderClient.RunAsync(connection, network),
    _ => 2,
};
